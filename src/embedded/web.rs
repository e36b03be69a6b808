//! One port, really: REST, GraphQL with its playground, and health, behind one address.

use std::sync::Arc;

use axum::{Router, response::Redirect, routing::get};
use orderlog_log::event_store::EventStore;
use orderlog_query_api::QueryApi;
use orderlog_web::{health, layers};

use super::Embedded;

impl Embedded {
    /// All routes of the system.
    pub fn router(&self) -> Router {
        let log: Arc<dyn EventStore> = Arc::new(self.log.clone());
        let commands = orderlog_command_api::rest::router(
            self.aggregates.clone(),
            Arc::clone(&log),
            self.clock.clone(),
        );
        let queries = QueryApi::over(self.reads.clone(), self.log.watch_head(), self.stopping());
        let ready = move || {
            let log = Arc::clone(&log);
            async move {
                log.head()
                    .await
                    .map(drop)
                    .map_err(|error| error.to_string())
            }
        };
        let routes = commands
            .merge(orderlog_query_api::router(queries))
            .merge(health::routes(ready))
            .route("/", get(async || Redirect::temporary("/playground")));
        layers::around(routes)
    }
}
