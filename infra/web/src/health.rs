//! Whether the process lives and whether it can serve, for those who start and route to it.

use axum::{Json, Router, http::StatusCode, routing::get};
use serde_json::{Value, json};

use crate::problem::Problem;

/// `/livez` answers as long as the process does; `/readyz` asks `ready`, whose error says what is
/// missing.
pub fn routes<F, R>(ready: F) -> Router
where
    F: Fn() -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Result<(), String>> + Send + 'static,
{
    let readiness = move || {
        let asked = ready();
        async move {
            asked.await.map(|()| status("ready")).map_err(|missing| {
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "server.not_ready")
                    .detail(missing)
                    .retry_after(1)
            })
        }
    };
    Router::new()
        .route("/livez", get(async || status("live")))
        .route("/readyz", get(readiness))
}

fn status(word: &str) -> Json<Value> {
    Json(json!({ "status": word }))
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, extract::Request};
    use tower::ServiceExt;

    use super::*;

    async fn asked(path: &str, ready: Result<(), String>) -> StatusCode {
        let routes = routes(move || std::future::ready(ready.clone()));
        let request = Request::builder()
            .uri(path)
            .body(Body::empty())
            .expect("a request");
        routes.oneshot(request).await.expect("infallible").status()
    }

    #[tokio::test]
    async fn a_process_may_live_without_being_ready() {
        let catching_up = || Err("the projections catch up".to_owned());
        assert_eq!(asked("/livez", catching_up()).await, StatusCode::OK);
        assert_eq!(
            asked("/readyz", catching_up()).await,
            StatusCode::SERVICE_UNAVAILABLE
        );
        assert_eq!(asked("/readyz", Ok(())).await, StatusCode::OK);
    }
}
