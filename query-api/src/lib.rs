//! GraphQL over the read models: queries, a subscription, and the playground. It reads what the
//! projections' finders find and knows neither SQL nor what commands allow. A read that carries a
//! consistency token waits for its own rows alone, or says that they are behind.
//!
//! # Layout
//! - [`router`] puts it on the web: `http`, `socket` and `playground` are its doors, and `rest` that of
//!   the lists which REST has as well.
//! - `schema`, `queries` and `subscription`: what can be asked for; [`objects`]: what it looks like.
//! - `freshness`, `paging`, `failure`: how every read waits, pages and fails; `history` reads the log.
//! - [`limits`]: what a query may ask for.
//! - [`rebuilds`]: the read models themselves, for operators.

pub mod limits;
pub mod objects;
pub mod rebuilds;

mod failure;
mod freshness;
mod history;
mod http;
mod paging;
mod playground;
mod queries;
mod rest;
mod schema;
mod socket;
mod subscription;

use std::sync::Arc;

use axum::{Router, routing::get};
use orderlog_log::{event::Position, event_store::EventStore};
use orderlog_runtime::read_store::ReadStore;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use schema::{QuerySchema, sdl};

/// Where the log ends, kept up to date; to tell how far behind the read models are.
pub type Head = watch::Receiver<Position>;

/// What the API reads from. Cheap to clone.
#[derive(Clone)]
pub struct QueryApi {
    schema: QuerySchema,
    rows: Arc<dyn ReadStore>,
    closing: CancellationToken,
}

impl QueryApi {
    /// The API over the rows of a log, and over the log itself for audits. Its sockets close when
    /// `closing` is cancelled.
    pub fn over(
        rows: Arc<dyn ReadStore>,
        log: Arc<dyn EventStore>,
        closing: CancellationToken,
    ) -> Self {
        Self {
            schema: schema::over(Arc::clone(&rows), log),
            rows,
            closing,
        }
    }
}

/// Its routes: `/graphql`, `/graphql/ws`, `/graphql/schema`, `/playground` and `/assets`, and
/// `/api/v1/notifications`.
pub fn router(api: QueryApi) -> Router {
    Router::new()
        .route("/graphql", get(http::get).post(http::post))
        .route("/graphql/ws", get(socket::upgrade))
        .route("/graphql/schema", get(http::sdl))
        .route("/playground", get(playground::page))
        .route("/assets/{*file}", get(playground::asset))
        .route("/api/v1/notifications", get(rest::notifications))
        .with_state(api)
}
