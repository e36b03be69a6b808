//! Each part of the embedded system, put together from its pieces.

use std::sync::Arc;

use orderlog_command_api::{
    aggregates::Aggregates,
    process::{
        gateway::Gateway,
        handler::ProcessHandler,
        notifications::{LogChannel, Notifications},
        simulated_gateway::SimulatedGateway,
        timers::Timers,
    },
};
use orderlog_domain::{
    fact::{Fact, FactError},
    fulfilment::Timings,
};
use orderlog_log::{
    clock::Clock,
    event::{Position, RecordedEvent},
    event_store::EventStore,
    sqlite::SqliteEventStore,
};
use orderlog_runtime::{
    process::{ProcessRuntime, ProcessSettings},
    projector::{DecodeError, Projector, ProjectorError},
    read_store::{Activity, Progress, Standing},
    sqlite::{SqliteProcessStore, SqliteReadStore, SqliteWorkStore},
    work::{WorkLoop, WorkSettings},
};

use super::{Config, StartError};

/// Name under which the process keeps its checkpoint.
const PROCESS: &str = "fulfilment";

pub(super) fn timings(scale: f64) -> Result<Timings, StartError> {
    if !(scale.is_finite() && scale > 0.0) {
        return Err(StartError::TimeScale(scale));
    }
    let timings = Timings::standard().scaled(scale);
    timings.check()?;
    Ok(timings)
}

pub(super) async fn projector(
    log: &SqliteEventStore,
    config: &Config,
) -> Result<(Arc<SqliteReadStore>, Projector<Fact>), StartError> {
    let head = log.head().await?;
    let reads = Arc::new(SqliteReadStore::open(&config.data_dir, head.log_id)?);
    let projections = orderlog_projections::all(config.time_zone);
    let projector =
        Projector::open(Arc::new(log.clone()), reads.clone(), projections, decode).await?;
    Ok((reads, projector))
}

pub(super) async fn process(
    log: &SqliteEventStore,
    work: &SqliteWorkStore,
    aggregates: &Aggregates,
    clock: &Clock,
    timings: Timings,
) -> Result<ProcessRuntime, StartError> {
    let store = SqliteProcessStore::open(log.clone(), work.clone()).await?;
    let log: Arc<dyn EventStore> = Arc::new(log.clone());
    let handler = ProcessHandler::new(aggregates.clone(), log, timings);
    let settings = ProcessSettings::default();
    let (store, handler) = (Arc::new(store), Arc::new(handler));
    Ok(ProcessRuntime::new(
        PROCESS,
        store,
        handler,
        clock.clone(),
        settings,
    ))
}

pub(super) fn work_loop(
    log: Arc<dyn EventStore>,
    work: &SqliteWorkStore,
    aggregates: &Aggregates,
    clock: &Clock,
    timings: &Timings,
) -> WorkLoop {
    let gateway = Arc::new(SimulatedGateway::new(timings));
    let timers = Timers::new(aggregates.clone(), clock.clone());
    let gateway = Gateway::new(aggregates.clone(), log, gateway, clock.clone());
    let notifications = Notifications::new(aggregates.clone(), Arc::new(LogChannel), clock.clone());
    WorkLoop::new(
        Arc::new(work.clone()),
        clock.clone(),
        WorkSettings::default(),
    )
    .handle("timer", Arc::new(timers))
    .handle("gateway", Arc::new(gateway))
    .handle("notification", Arc::new(notifications))
}

/// Waits until every projection that is kept up to date has passed `position`.
pub(super) async fn caught_up(
    progress: &Progress,
    projector: &Projector<Fact>,
    position: Position,
) -> Result<(), ProjectorError> {
    for projection in projector.projections().await? {
        let mut standing = progress.watch(&projection.name);
        let passed = |standing: &Standing| {
            standing.position() >= position || standing.activity != Activity::Running
        };
        // The sender lives as long as the board, which is borrowed here.
        let _ = standing.wait_for(passed).await;
    }
    Ok(())
}

/// What a recorded event says.
fn decode(event: &RecordedEvent) -> Result<Fact, DecodeError> {
    Fact::decode(&event.stream, &event.event_type, &event.data).map_err(|error| match error {
        FactError::UnknownStream { .. } | FactError::UnknownType { .. } => {
            DecodeError::Unknown(error.to_string())
        }
        FactError::Unreadable { .. } => DecodeError::Damaged(error.to_string()),
    })
}
