//! What is put around a finished router, from the outside in: correlation and logging, panics as
//! problems, then the routes; whatever no route takes is a problem as well.

use std::any::Any;

use axum::{
    Router,
    http::{Method, StatusCode, Uri},
    middleware,
    response::{IntoResponse, Response},
};
use tower_http::catch_panic::CatchPanicLayer;

use crate::{correlation, problem::Problem};

/// `routes` with all that every server of ours does around them. Call it once, at the very end:
/// routes added later are not covered.
pub fn around(routes: Router) -> Router {
    routes
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(correlation::correlate))
}

async fn not_found(uri: Uri) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "request.route_not_found")
        .detail(format!("there is nothing at {}", uri.path()))
}

async fn method_not_allowed(method: Method, uri: Uri) -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "request.method_not_allowed")
        .detail(format!("{} does not take {method}", uri.path()))
}

/// A panic is our mistake: logged in full, answered without detail.
fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(
        message = message.unwrap_or("no message"),
        "a request panicked"
    );
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "server.internal")
        .detail("the server made a mistake; it has been logged under the correlation id")
        .into_response()
}

#[cfg(test)]
mod tests;
