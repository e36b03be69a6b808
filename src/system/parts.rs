//! Each part of the system, put together from its pieces.

use std::sync::Arc;

use orderlog_command_api::process::{
    gateway::{Gateway, GatewaySettings, Guarded, PaymentGateway},
    handler::ProcessHandler,
    notifications::{LOG, LogChannel, Notifications},
    simulated_gateway::SimulatedGateway,
    stripe::StripeGateway,
    timers::Timers,
};
use orderlog_domain::{
    fact::{Fact, Facts},
    fulfilment::Timings,
    notification::Available,
};
use orderlog_log::event::{Position, RecordedEvent};
use orderlog_projections::public_events;
use orderlog_runtime::{
    dead_letter::DeadLetters,
    kafka::{Announcement, Announcer},
    outside::GuardSettings,
    process::{ProcessRuntime, ProcessSettings, ProcessStore},
    projection::Occurred,
    projector::{DecodeError, Projector, ProjectorError},
    read_store::{Activity, Progress, ReadStore, Standing},
    work::{WorkLoop, WorkSettings, WorkStore},
};

use super::{Config, Payments, StartError, System, engines::Opened};

/// Name under which the process keeps its checkpoint.
const PROCESS: &str = "fulfilment";
/// Name under which the announcer keeps its own.
const ANNOUNCER: &str = "public_topics";

/// Everybody who follows the log and does something about it outside the read models.
pub fn processes() -> [String; 2] {
    [PROCESS.to_owned(), ANNOUNCER.to_owned()]
}

pub(super) fn timings(scale: f64) -> Result<Timings, StartError> {
    if !(scale.is_finite() && scale > 0.0) {
        return Err(StartError::TimeScale(scale));
    }
    let timings = Timings::standard().scaled(scale);
    timings.check()?;
    Ok(timings)
}

pub(super) async fn projector(
    opened: &Opened,
    config: &Config,
) -> Result<(Arc<dyn ReadStore>, Projector<Facts>), StartError> {
    let reads = opened.reads(config.roles.projector).await?;
    let projections = orderlog_projections::all(config.time_zone);
    let log = Arc::clone(&opened.log);
    let projector = Projector::open(log, Arc::clone(&reads), projections, decode).await?;
    Ok((reads, projector))
}

pub(super) fn process(
    system: &System,
    store: Arc<dyn ProcessStore>,
    timings: Timings,
    channels: Available,
) -> ProcessRuntime {
    let log = Arc::clone(&system.log);
    let handler = ProcessHandler::new(system.aggregates.clone(), Arc::clone(&log), timings)
        .with_channels(channels);
    let (handler, clock) = (Arc::new(handler), system.clock.clone());
    ProcessRuntime::new(
        PROCESS,
        log,
        store,
        handler,
        clock,
        ProcessSettings::default(),
    )
}

/// Follows the log beside the fulfilment, with a checkpoint and dead letters of its own.
pub(super) fn announcing(
    system: &System,
    store: Arc<dyn ProcessStore>,
    announcer: Announcer,
) -> ProcessRuntime {
    let (log, handler) = (Arc::clone(&system.log), Arc::new(announcer));
    let (clock, settings) = (system.clock.clone(), ProcessSettings::default());
    ProcessRuntime::new(ANNOUNCER, log, store, handler, clock, settings)
}

pub(super) async fn dead_letters(opened: &Opened) -> Result<DeadLetters, StartError> {
    let (log, reads) = (Arc::clone(&opened.log), opened.reads(false).await?);
    let stored = opened.processes().await?;
    Ok(DeadLetters::new(log, reads, stored, processes()))
}

pub(super) fn work_loop(
    system: &System,
    work: Arc<dyn WorkStore>,
    timings: &Timings,
) -> Result<WorkLoop, StartError> {
    let (aggregates, clock) = (&system.aggregates, &system.clock);
    let (gateway, settings) = gateway(&system.payments, timings)?;
    let timers = Timers::new(aggregates.clone(), clock.clone());
    let log = Arc::clone(&system.log);
    let gateway = Gateway::new(aggregates.clone(), log, gateway, clock.clone());
    let gateway = gateway.with_settings(settings);
    let notifications = Notifications::new(aggregates.clone(), Arc::new(LogChannel), clock.clone());
    let work_loop = WorkLoop::new(work, clock.clone(), WorkSettings::default());
    Ok(work_loop
        .handle("timer", Arc::new(timers))
        .handle("gateway", Arc::new(gateway))
        .handle(LOG, Arc::new(notifications)))
}

/// Who moves the money, and how long to wait for an answer. What is outside stands behind a guard.
fn gateway(
    payments: &Payments,
    timings: &Timings,
) -> Result<(Arc<dyn PaymentGateway>, GatewaySettings), StartError> {
    let settings = GatewaySettings::default();
    let Some(stripe) = &payments.stripe else {
        return Ok((Arc::new(SimulatedGateway::new(timings)), settings));
    };
    let guard = GuardSettings {
        timeout: stripe.timeout,
        ..GuardSettings::default()
    };
    let timeout = guard.longest();
    let gateway = Arc::new(StripeGateway::new(stripe, timings.customer_action)?);
    let guarded = Arc::new(Guarded::new(gateway, "stripe", guard));
    Ok((
        guarded,
        GatewaySettings {
            timeout,
            ..settings
        },
    ))
}

/// Waits until every projection that is kept up to date has passed `position`.
pub(super) async fn caught_up(
    progress: &Progress,
    projector: &Projector<Facts>,
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

/// What other teams are told of a recorded event.
pub(super) fn announcements(event: &RecordedEvent) -> Result<Vec<Announcement>, DecodeError> {
    let facts = decode(event)?;
    let occurred = facts.iter().map(|fact| Occurred {
        recorded: event,
        fact,
    });
    let told = occurred.map(|occurred| public_events::announcement(&occurred).transpose());
    let told: Result<_, _> = told.flatten().collect();
    told.map_err(|error: serde_json::Error| DecodeError::Damaged(error.to_string()))
}

/// What a recorded event says today.
pub(crate) fn decode(event: &RecordedEvent) -> Result<Facts, DecodeError> {
    let (kind, version) = (&event.event_type, event.schema_version);
    let facts = Fact::decode(&event.stream, kind, version, &event.data);
    facts.map_err(|error| match error.is_newer() {
        true => DecodeError::Unknown(error.to_string()),
        false => DecodeError::Damaged(error.to_string()),
    })
}
