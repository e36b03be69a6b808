//! When nothing is left to do: every event is handled, no work is due or under way, and neither
//! has led to new events. For imports and tests.

use orderlog_log::{
    clock::Clock,
    event::Position,
    event_store::{EventStore, StoreError},
};
use tokio::sync::watch;

use crate::work::WorkStore;

/// Waits until the process that publishes `passed` has handled the whole log and no work is due or
/// under way; answers the position where that was so. Work that is due later does not count.
pub async fn until_quiet(
    log: &dyn EventStore,
    passed: &mut watch::Receiver<Position>,
    work: &dyn WorkStore,
    clock: &Clock,
) -> Result<Position, StoreError> {
    let mut changed = work.changed();
    loop {
        changed.borrow_and_update();
        let head = log.head().await?.position;
        let ended = |_| StoreError::Unavailable {
            detail: "the process has ended".to_owned(),
        };
        passed
            .wait_for(|passed| *passed >= head)
            .await
            .map_err(ended)?;
        let idle = work.counts(clock.now()).await?.is_idle();
        if idle && log.head().await?.position == head {
            return Ok(head);
        }
        if !idle {
            changed
                .changed()
                .await
                .map_err(|_| StoreError::Unavailable {
                    detail: "the work store was closed".to_owned(),
                })?;
        }
    }
}
