//! The schema and its limits, put together once.

use std::sync::Arc;

use async_graphql::{EmptyMutation, Schema};
use orderlog_log::event_store::EventStore;
use orderlog_runtime::read_store::ReadStore;

use crate::{
    Head,
    limits::{COMPLEXITY, Limits},
    queries::Query,
    subscription::Subscription,
};

/// The schema that is served.
pub type QuerySchema = Schema<Query, EmptyMutation, Subscription>;

/// The schema over these rows and the log that they are of.
pub(crate) fn over(rows: Arc<dyn ReadStore>, log: Arc<dyn EventStore>) -> QuerySchema {
    Schema::build(Query::default(), EmptyMutation, Subscription)
        .data(rows)
        .data::<Head>(log.watch_head())
        .data(log)
        .limit_complexity(COMPLEXITY)
        .extension(Limits)
        .finish()
}

/// The schema in GraphQL's own language.
pub fn sdl() -> String {
    Schema::build(Query::default(), EmptyMutation, Subscription)
        .finish()
        .sdl()
}
