//! Carries out what was decided about a dead letter of one projection: parked events of a key are read
//! from the log again and folded in order until one fails. All of it goes into the commit of the
//! batch that the decision came in.

use super::{
    Inner, Member, ProjectorError,
    batch::{DecodedEvent, Said},
};
use crate::{dead_letter::Decision, source::SourceError};

/// Parked events that are read at once.
const PAGE: usize = 1000;

impl<E: 'static> Member<E> {
    /// Carries out the decision that came as `event`; nothing where what it is about is not parked.
    pub(super) async fn carry_out(
        &mut self,
        inner: &Inner<E>,
        decision: &Decision,
        event: &DecodedEvent<E>,
    ) -> Result<(), ProjectorError> {
        let (name, key) = (self.name, event.recorded.partition_key.as_str());
        let Some(due) = self.parked.due(key, decision) else {
            let position = decision.position;
            tracing::info!(
                projection.name = name,
                position,
                "there is no such dead letter any more"
            );
            return Ok(());
        };
        if let Some(dropped) = due.dropped {
            self.parked.unpark(key, dropped);
        }
        let mut again = 0;
        for positions in due.redriven.chunks(PAGE) {
            let events = inner
                .log
                .read_at(positions)
                .await
                .map_err(SourceError::from)?;
            let events: Vec<_> = events
                .into_iter()
                .map(|recorded| {
                    let said = Said::by(&recorded, inner.decode).unwrap_or_else(Said::Damaged);
                    DecodedEvent::of(recorded, said)
                })
                .collect();
            let keys = self.load(inner.store.as_ref(), &events).await?;
            for (event, keys) in events.iter().zip(&keys) {
                if let Err(reason) = self.fold(event, keys) {
                    self.park(&event.recorded, reason);
                    return Ok(());
                }
                self.parked.unpark(key, event.recorded.position);
                again += 1;
            }
        }
        let (position, dropped) = (decision.position, due.dropped.is_some());
        tracing::info!(
            projection.name = name,
            position,
            dropped,
            again,
            "dead letters were folded"
        );
        Ok(())
    }
}
