//! What each projection is doing in this process. What other processes write about it in the store
//! (it was paused, it was rebuilt) is noticed within half a second, and whenever a commit is fenced.

use std::time::Duration;

use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use super::Inner;
use crate::{
    projection::ErasedProjection,
    read_store::{Activity, Defined, ReadError},
};

/// How often the store is asked what others have written.
const EVERY: Duration = Duration::from_millis(500);

/// What a projection is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The loop folds events into its rows.
    Live,
    /// An operator paused it.
    Paused,
    /// Its rows are of another version, and not served before they are rebuilt.
    Outdated,
    /// A rebuild of this process holds it at its position.
    Held,
    /// It can't go on; why.
    Halted(String),
}

impl Mode {
    pub(crate) fn of(defined: &Defined) -> Self {
        match (defined.current, defined.paused) {
            (false, _) => Self::Outdated,
            (true, true) => Self::Paused,
            (true, false) => Self::Live,
        }
    }

    pub(super) fn activity(&self) -> Activity {
        match self {
            Self::Live => Activity::Running,
            Self::Paused => Activity::Paused,
            Self::Outdated | Self::Held => Activity::Rebuilding,
            Self::Halted(_) => Activity::Stopped,
        }
    }

    /// Whether the store says what it is.
    fn is_stored(&self) -> bool {
        match self {
            Self::Live | Self::Paused | Self::Outdated => true,
            Self::Held | Self::Halted(_) => false,
        }
    }
}

impl<E: 'static> Inner<E> {
    pub(crate) fn mode(&self, name: &str) -> Mode {
        self.modes.lock().get(name).cloned().unwrap_or(Mode::Paused)
    }

    /// Changes what a projection is doing; a batch under way may still move it, see
    /// [`Inner::settled`].
    pub(crate) fn set(&self, name: &'static str, mode: Mode) {
        let activity = mode.activity();
        self.modes.lock().insert(name, mode);
        self.tell(name, activity);
    }

    /// Moves with every change of a mode.
    pub(crate) fn modes_changed(&self) -> watch::Receiver<u64> {
        self.modes_changed.subscribe()
    }

    /// The projection as it is stored, once its mode is as the store says; `None` where this process
    /// holds or has halted it.
    pub(super) async fn observe(
        &self,
        projection: &dyn ErasedProjection<E>,
    ) -> Result<Option<Defined>, ReadError> {
        let definition = projection.definition();
        let before = self.mode(definition.name);
        if !before.is_stored() {
            return Ok(None);
        }
        let defined = self.store.define(&definition).await?;
        let now = Mode::of(&defined);
        if now != before {
            let activity = now.activity();
            {
                let mut modes = self.modes.lock();
                if modes.get(definition.name) != Some(&before) {
                    // This process has changed it meanwhile, and knows better.
                    return Ok(None);
                }
                modes.insert(definition.name, now);
            }
            self.tell(definition.name, activity);
        }
        Ok(Some(defined))
    }

    /// Observes all projections again and again until `cancel`.
    pub(super) async fn observe_until(&self, cancel: &CancellationToken) {
        let mut tick = interval(EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                _ = tick.tick() => {}
            }
            for projection in &self.projections {
                if let Err(error) = self.observe(projection.as_ref()).await {
                    // Whoever folds meets the same failure and warns of it.
                    tracing::debug!(%error, "the projections could not be looked at");
                    break;
                }
            }
        }
    }

    fn tell(&self, name: &'static str, activity: Activity) {
        self.store
            .progress()
            .publish(name, |standing| standing.activity = activity);
        self.modes_changed.send_modify(|changes| *changes += 1);
    }
}
