//! Figures for monitoring, in Prometheus' text format at `/metrics`. The process has one registry; the
//! macros of the crate `metrics` write to it from anywhere. A figure that something else knows already
//! is taken when it is asked for: so it is right at that moment, and costs nothing in between.

use std::sync::LazyLock;

use axum::{
    Router,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};

use crate::problem::Problem;

/// Media type of Prometheus' text format.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The registry of this process, made when it is first needed.
static REGISTRY: LazyLock<Result<PrometheusHandle, BuildError>> =
    LazyLock::new(|| PrometheusBuilder::new().install_recorder());

/// `/metrics`: `refresh` first takes the figures that are known elsewhere; its error says why they
/// can't be had, and then none are shown, rather than old ones.
pub fn routes<F, R>(refresh: F) -> Router
where
    F: Fn() -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Result<(), String>> + Send + 'static,
{
    // What is counted before the first scrape counts, too.
    LazyLock::force(&REGISTRY);
    let shown = move || {
        let refreshed = refresh();
        async move {
            match refreshed.await {
                Ok(()) => rendered(),
                Err(error) => unavailable(&error),
            }
        }
    };
    Router::new().route("/metrics", get(shown))
}

fn rendered() -> Response {
    match REGISTRY.as_ref() {
        Ok(registry) => ([(CONTENT_TYPE, TEXT)], registry.render()).into_response(),
        Err(error) => unavailable(&error.to_string()),
    }
}

fn unavailable(detail: &str) -> Response {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "metrics.unavailable")
        .detail(detail)
        .into_response()
}

#[cfg(test)]
mod tests {
    use axum::{
        body::{Body, to_bytes},
        extract::Request,
    };
    use tower::ServiceExt;

    use super::*;

    async fn asked(refreshed: Result<(), String>) -> (StatusCode, String) {
        let refresh = move || {
            metrics::gauge!("things", "kind" => "test").set(7.0);
            std::future::ready(refreshed.clone())
        };
        let request = Request::get("/metrics").body(Body::empty());
        let answer = routes(refresh).oneshot(request.expect("a request")).await;
        let answer = answer.expect("infallible");
        let status = answer.status();
        let body = to_bytes(answer.into_body(), 100_000).await.expect("a body");
        (status, String::from_utf8(body.into()).expect("text"))
    }

    #[tokio::test]
    async fn figures_are_taken_when_they_are_asked_for() {
        let (status, text) = asked(Ok(())).await;
        assert_eq!(status, StatusCode::OK);
        assert!(text.contains("things{kind=\"test\"} 7"), "{text}");
    }

    #[tokio::test]
    async fn old_figures_are_not_shown_for_new_ones() {
        let (status, text) = asked(Err("the store is away".to_owned())).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(
            text.contains("the store is away") && !text.contains("things"),
            "{text}"
        );
    }
}
