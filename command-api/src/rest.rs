//! REST under `/api/v1`, and `/docs/errors` to which every problem document refers. What describes it
//! is `openapi::description`. Put `orderlog_web::layers::around` around whatever serves it.

use std::sync::Arc;

use axum::{Router, http::header, routing::get};
use orderlog_log::{clock::Clock, event_store::EventStore};

use crate::{aggregates::Aggregates, openapi, routes, webhook_key::WebhookKey};

/// Where the routes are.
pub const BASE: &str = "/api/v1";

/// What the routes work with. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) aggregates: Aggregates,
    pub(crate) store: Arc<dyn EventStore>,
    pub(crate) clock: Clock,
    pub(crate) webhook_key: Option<WebhookKey>,
}

/// The routes over these aggregates; `store` tells what became of a command. Without a `webhook_key`
/// no webhook endpoint can be registered.
pub fn router(
    aggregates: Aggregates,
    store: Arc<dyn EventStore>,
    clock: Clock,
    webhook_key: Option<WebhookKey>,
) -> Router {
    let (routes, _) = openapi::described(routes::all()).split_for_parts();
    routes
        .with_state(Api {
            aggregates,
            store,
            clock,
            webhook_key,
        })
        .route(
            "/docs/errors",
            get(async || {
                (
                    [(header::CONTENT_TYPE, "text/markdown; charset=utf-8")],
                    ERRORS,
                )
            }),
        )
}

const ERRORS: &str = include_str!("../../docs/errors.md");
