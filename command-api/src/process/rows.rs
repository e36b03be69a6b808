//! Work rows: what an event wants done later or outside, and reading it back. The row's id derives
//! from the event, its payload carries the trace context on.

use chrono::{DateTime, TimeDelta, Utc};
use orderlog_domain::{fact::Fact, ids::derive};
use orderlog_log::{clock::Clock, event::RecordedEvent};
use orderlog_runtime::work::{LeasedWork, NewWork, WorkOutcome};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{cause::Cause, gateway::GatewayWork, notifications::deliveries, timers::TimerWork};

/// Work of one kind.
pub(super) trait Work: Serialize + DeserializeOwned {
    /// Which handler it is for.
    const KIND: &'static str;

    /// What this event wants done, and not before when.
    fn wanted(event: &RecordedEvent, fact: &Fact) -> Option<(DateTime<Utc>, Self)>;
}

/// What a row's payload holds.
#[derive(Serialize, Deserialize)]
struct Payload<W> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
    work: W,
}

/// All that an event wants done.
pub(super) fn rows(
    event: &RecordedEvent,
    cause: &Cause,
    fact: &Fact,
) -> Result<Vec<NewWork>, serde_json::Error> {
    let rows = [
        row::<TimerWork>(event, cause, fact),
        row::<GatewayWork>(event, cause, fact),
    ];
    let deliveries = deliveries(event, fact).into_iter().map(|work| {
        let (kind, name) = (work.kind(), work.name());
        kept(cause, kind, &name, event.occurred_at, work)
    });
    rows.into_iter().flatten().chain(deliveries).collect()
}

fn row<W: Work>(
    event: &RecordedEvent,
    cause: &Cause,
    fact: &Fact,
) -> Option<Result<NewWork, serde_json::Error>> {
    let (due_at, work) = W::wanted(event, fact)?;
    Some(kept(cause, W::KIND, W::KIND, due_at, work))
}

/// Work as a row; its name tells it from the event's other rows.
fn kept(
    cause: &Cause,
    kind: &'static str,
    name: &str,
    due_at: DateTime<Utc>,
    work: impl Serialize,
) -> Result<NewWork, serde_json::Error> {
    let traceparent = cause.traceparent.clone();
    let payload = serde_json::to_string(&Payload { traceparent, work })?;
    Ok(NewWork {
        id: derive(cause.seed(), name),
        kind,
        due_at,
        payload,
        event_id: cause.event_id,
        correlation_id: cause.correlation_id,
    })
}

/// The work of a leased row, and the event behind it.
pub(super) fn read<W: DeserializeOwned>(row: &LeasedWork) -> Result<(W, Cause), serde_json::Error> {
    let Payload { traceparent, work } = serde_json::from_str(&row.payload)?;
    let (event_id, correlation_id) = (row.event_id, row.correlation_id);
    Ok((
        work,
        Cause {
            event_id,
            part: 0,
            correlation_id,
            traceparent,
        },
    ))
}

/// The aggregate that an event is of: the stream's name less its type.
pub(super) fn aggregate_id(event: &RecordedEvent) -> String {
    event
        .stream
        .split_once('-')
        .map_or("", |(_, id)| id)
        .to_owned()
}

/// A row of another build. It is kept for one that can read it.
pub(super) fn unreadable(
    row: &LeasedWork,
    error: &serde_json::Error,
    clock: &Clock,
) -> WorkOutcome {
    tracing::error!(work.id = %row.id, work.kind = row.kind, %error, "work row is not readable");
    WorkOutcome::Again {
        at: clock.now() + TimeDelta::hours(1),
        reason: error.to_string(),
    }
}
