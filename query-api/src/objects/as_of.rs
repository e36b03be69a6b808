//! An order as it was at a point, and what changed until then.

use std::sync::Arc;

use async_graphql::{Context, Json, Object, OneofObject, Result, SimpleObject};
use chrono::{DateTime, Utc};
use orderlog_log::event_store::EventStore;
use orderlog_projections::time_travel::{Last, NoState, Point, changes, state_at};
use serde_json::Value;
use uuid::Uuid;

use super::money::Long;
use crate::failure::{bad_input, lost, undecoded};

/// A point of an order's history: one of these.
#[derive(OneofObject)]
pub enum PointOfHistory {
    /// All up to and with this position of the log.
    Position(Long),
    /// All up to and with this version of the order; 0 is before its first event.
    Version(Long),
    /// All that was recorded then or earlier.
    Time(DateTime<Utc>),
}

/// An order as it was.
pub struct OrderAsOf {
    stream: String,
    name: &'static str,
    state: Value,
    last: Last,
}

/// An order as it was.
#[Object]
impl OrderAsOf {
    /// The state's name.
    async fn state(&self) -> &'static str {
        self.name
    }

    /// All that the rules knew of the order then, as they keep it.
    async fn data(&self) -> Json<Value> {
        Json(self.state.clone())
    }

    /// How many events it had.
    async fn version(&self) -> Long {
        self.last.version.into()
    }

    /// Place of its last event in the log.
    async fn position(&self) -> Long {
        self.last.position.into()
    }

    /// Type of its last event.
    async fn last_event(&self) -> &str {
        &self.last.event_type
    }

    /// When that was recorded.
    async fn recorded_at(&self) -> DateTime<Utc> {
        self.last.recorded_at
    }

    /// What is another since an earlier point, field by field; since before the order began, all of it.
    #[graphql(complexity = "50 + 10 * child_complexity")]
    async fn changes(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The earlier point.")] since: PointOfHistory,
    ) -> Result<Vec<FieldChange>> {
        let log = context.data::<Arc<dyn EventStore>>()?;
        let before = state_at(log.as_ref(), &self.stream, Some(since.point()?)).await;
        let before = json(&before.map_err(refused)?.state)?;
        let found = changes(&before, &self.state).into_iter();
        let told = found.map(|change| FieldChange {
            path: change.path,
            before: change.before.map(Json),
            after: change.after.map(Json),
        });
        Ok(told.collect())
    }
}

/// A field that changed.
#[derive(SimpleObject)]
pub struct FieldChange {
    /// The field, as a JSON pointer: `/placed/total/amount_minor`.
    pub path: String,
    /// What it was; absent where it was not there.
    pub before: Option<Json<Value>>,
    /// What it is; absent where it is gone.
    pub after: Option<Json<Value>>,
}

impl OrderAsOf {
    pub(crate) async fn read(
        context: &Context<'_>,
        id: Uuid,
        at: PointOfHistory,
    ) -> Result<Option<Self>> {
        let log = context.data::<Arc<dyn EventStore>>()?;
        let stream = format!("order-{id}");
        let found = match state_at(log.as_ref(), &stream, Some(at.point()?)).await {
            Err(NoState::NoStream { .. }) => return Ok(None),
            found => found.map_err(refused)?,
        };
        let Some(last) = found.last else {
            return Ok(None);
        };
        Ok(Some(Self {
            stream,
            name: found.state.name(),
            state: json(&found.state)?,
            last,
        }))
    }
}

impl PointOfHistory {
    fn point(&self) -> Result<Point> {
        let number = |Long(number): &Long| {
            u64::try_from(*number).map_err(|_| bad_input("a position or version is not negative"))
        };
        Ok(match self {
            Self::Position(position) => Point::Position(number(position)?),
            Self::Version(version) => Point::Version(number(version)?),
            Self::Time(time) => Point::Time(*time),
        })
    }
}

fn json(state: &impl serde::Serialize) -> Result<Value> {
    serde_json::to_value(state).map_err(async_graphql::Error::new_with_source)
}

fn refused(error: NoState) -> async_graphql::Error {
    match error {
        NoState::Log(error) => lost(error),
        NoState::Fact { error, .. } => undecoded(error),
        NoState::NoAggregate { .. }
        | NoState::NoStream { .. }
        | NoState::BeyondLog { .. }
        | NoState::BeyondStream { .. } => bad_input(error.to_string()),
    }
}
