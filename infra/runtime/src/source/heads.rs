//! Where each partition ends. The position of a partition moves with its own events alone, so that
//! a reader is behind only where an event of that very partition lies behind its checkpoint.

use orderlog_log::{
    event::Position,
    event_store::{EventStore, StoreError},
};

use super::partition_of;

/// Events read at once.
const PAGE: u64 = 1000;

/// For each partition, given by the position that a reader has passed in it: the position of its
/// last event, or the one given where no event lies behind it. Reads the log from its end backwards
/// until each partition was met or is known to be at its end; one partition costs no reading.
pub async fn last_positions(
    log: &dyn EventStore,
    passed: &[Position],
) -> Result<Vec<Position>, StoreError> {
    let head = log.head().await?.position;
    if let [passed] = passed {
        return Ok(vec![head.max(*passed)]);
    }
    let count = u32::try_from(passed.len()).unwrap_or(u32::MAX);
    let mut last: Vec<Option<Position>> = vec![None; passed.len()];
    let mut read_down_to = head;
    loop {
        let unmet = passed.iter().zip(&last).filter(|(_, last)| last.is_none());
        let Some(lowest) = unmet.map(|(passed, _)| *passed).min() else {
            break;
        };
        if read_down_to <= lowest {
            break;
        }
        let from = read_down_to.saturating_sub(PAGE).max(lowest);
        let limit = usize::try_from(read_down_to - from).unwrap_or(usize::MAX);
        for event in log.read_all(from, limit).await?.iter().rev() {
            let partition = partition_of(&event.partition_key, count) as usize;
            last[partition].get_or_insert(event.position);
        }
        read_down_to = from;
    }
    let ends = passed.iter().zip(last);
    Ok(ends
        .map(|(passed, last)| last.unwrap_or(*passed).max(*passed))
        .collect())
}
