//! What this process answers, behind one address: what its roles serve, and health.

use std::sync::Arc;

use axum::{Json, Router, response::Redirect, routing::get};
use orderlog_command_api::openapi;
use orderlog_command_api::process::stripe::webhook;
use orderlog_domain::fact::Facts;
use orderlog_log::event_store::EventStore;
use orderlog_query_api::{QueryApi, rebuilds};
use orderlog_runtime::projector::Projector;
use orderlog_web::{health, layers, metrics};

use super::{System, figures, seal_keys};

impl System {
    /// All routes of this process.
    pub fn router(&self) -> Router {
        let mut routes = Router::new();
        if self.roles.command_api {
            let (log, clock) = (Arc::clone(&self.log), self.clock.clone());
            let (aggregates, key) = (self.aggregates.clone(), self.webhook_key.clone());
            let commands = orderlog_command_api::rest::router(aggregates, log, clock, key);
            routes = routes.merge(commands).merge(self.webhooks());
        }
        if let Some(reads) = self.reads.as_ref().filter(|_| self.roles.query_api) {
            let log = Arc::clone(&self.log);
            let queries = QueryApi::over(Arc::clone(reads), log, self.stopping());
            routes = routes
                .merge(orderlog_query_api::router(queries))
                .route("/", get(async || Redirect::temporary("/playground")));
        }
        if let Some(projector) = self.projector.as_ref().filter(|_| self.roles.projector) {
            let rebuilds = rebuilds::router(projector.clone(), self.stopping());
            routes = routes.merge(rebuilds);
        }
        let readiness = Readiness {
            log: Arc::clone(&self.log),
            projector: self.projector.clone(),
        };
        let ready = move || {
            let readiness = readiness.clone();
            async move { readiness.check().await }
        };
        if self.roles.command_api || self.roles.query_api {
            routes = routes.merge(seal_keys::routes(Arc::clone(&self.seals)));
        }
        let routes = routes.merge(self.description());
        layers::around(routes.merge(health::routes(ready)).merge(self.figures()))
    }

    /// `/openapi.json`: the REST routes that this process answers, where it answers any.
    fn description(&self) -> Router {
        let commands = self.roles.command_api.then(openapi::description);
        let rebuilds = self.roles.projector.then(rebuilds::description);
        let parts = commands.into_iter().chain(rebuilds);
        let merged = parts.reduce(|mut all, part| {
            all.merge(part);
            all
        });
        match merged.map(Arc::new) {
            Some(described) => {
                Router::new().route("/openapi.json", get(async move || Json(described)))
            }
            None => Router::new(),
        }
    }

    /// `/metrics`. Figures of the read models are those of the processes that serve them.
    fn figures(&self) -> Router {
        let reads = self.reads.clone().filter(|_| self.roles.query_api);
        let routes = metrics::routes(move || {
            let reads = reads.clone();
            async move {
                match reads {
                    None => Ok(()),
                    Some(reads) => figures::refresh(reads)
                        .await
                        .map_err(|error| error.to_string()),
                }
            }
        });
        figures::describe();
        routes
    }

    /// What payment gateways call, where they were told to.
    fn webhooks(&self) -> Router {
        let Some(secret) = self.payments.webhook_secret.clone() else {
            return Router::new();
        };
        webhook::router(self.aggregates.clone(), self.clock.clone(), secret)
    }
}

/// What has to be well for this process to do its work.
#[derive(Clone)]
struct Readiness {
    log: Arc<dyn EventStore>,
    projector: Option<Projector<Facts>>,
}

impl Readiness {
    /// What is missing, if something is.
    async fn check(&self) -> Result<(), String> {
        self.log.head().await.map_err(|error| error.to_string())?;
        let halted = self.projector.as_ref().map(Projector::halted);
        match halted.unwrap_or_default().into_iter().next() {
            Some((partition, reason)) => {
                Err(format!("partition {partition} stands still: {reason}"))
            }
            None => Ok(()),
        }
    }
}
