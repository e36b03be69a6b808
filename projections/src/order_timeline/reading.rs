//! The entries of an order's timeline, a page at a time: its rows say where they stand, the log has
//! the events, and `telling` the words. Invariant: an entry stands in the page of its position, and a
//! position without an event is an error, never left out.

use std::sync::Arc;

use orderlog_domain::{fact::FactError, ids::OrderId};
use orderlog_log::{
    event::{Position, RecordedEvent},
    event_reader::EventReader,
    event_store::StoreError,
};
use orderlog_runtime::{
    projection::ColumnValue,
    read_model::{Cursor, Found, Page, PageQuery, ReadModel},
    read_store::{ReadError, ReadStore},
};

use super::{NAME, ORDER, Places, TimelineEntry};
use crate::{
    folding::{facts, text},
    paging::{Filter, MOST, Paging},
};

/// Finds [`Places`] rows.
pub type PlacesRows = ReadModel<Places>;

/// Why a timeline can't be told.
#[derive(Debug, thiserror::Error)]
pub enum TimelineError {
    /// The rows gave no answer.
    #[error(transparent)]
    Rows(#[from] ReadError),
    /// The log gave no answer.
    #[error(transparent)]
    Log(#[from] StoreError),
    /// An event can't be read by this build.
    #[error("the event at position {position}: {reason}")]
    Undecoded {
        /// Its position.
        position: Position,
        /// Why.
        reason: FactError,
    },
    /// The log does not have what the rows were made of.
    #[error("the log has no event at position {0}, and the timeline was made of it")]
    Lost(Position),
    /// The page is to begin behind something that is no entry of this timeline.
    #[error("not a cursor of this order's timeline")]
    ForeignCursor,
}

/// The rows in `store`.
pub fn rows(store: Arc<dyn ReadStore>) -> PlacesRows {
    ReadModel::new(store, NAME)
}

/// What happened to an order, oldest first.
pub async fn of_order(
    rows: &PlacesRows,
    log: &dyn EventReader,
    order_id: OrderId,
    paging: Paging,
) -> Result<Page<TimelineEntry>, TimelineError> {
    let begin = match &paging.after {
        None => 0,
        Some(cursor) => position_of(order_id, cursor)?.saturating_add(1),
    };
    let mut positions = positions(rows, order_id).await?;
    positions.retain(|position| *position >= begin);
    let limit = paging.first.min(MOST);
    let more = positions.len() > limit;
    positions.truncate(limit);
    Ok(Page {
        rows: entries(log, order_id, &positions).await?,
        more,
    })
}

/// The entries at these positions.
pub(super) async fn entries(
    log: &dyn EventReader,
    order_id: OrderId,
    positions: &[Position],
) -> Result<Vec<Found<TimelineEntry>>, TimelineError> {
    let events = log.read_at(positions).await?;
    let mut found = events.iter().map(|event| event.position);
    if let Some(lost) = positions.iter().find(|it| found.next() != Some(**it)) {
        return Err(TimelineError::Lost(*lost));
    }
    let told = events.iter().map(|event| entry(order_id, event));
    told.filter_map(Result::transpose).collect()
}

/// Where everything stands that happened to the order, in the order of the log.
async fn positions(rows: &PlacesRows, order_id: OrderId) -> Result<Vec<Position>, ReadError> {
    // All of them, because each hold of stock has its own: an order has no more than a thousand lines.
    let all = PageQuery {
        filter: Filter::default()
            .is(ORDER, Some(text(order_id)))
            .conditions(),
        order_by: ORDER,
        descending: false,
        after: None,
        limit: usize::MAX,
    };
    let page = rows.page(&all).await?;
    let places = page.rows.into_iter();
    let mut positions: Vec<_> = places.flat_map(|found| found.row.positions).collect();
    positions.sort_unstable();
    Ok(positions)
}

/// The event as an entry, with its place in the timeline.
fn entry(
    order_id: OrderId,
    recorded: &RecordedEvent,
) -> Result<Option<Found<TimelineEntry>>, TimelineError> {
    let position = recorded.position;
    let facts = facts(recorded).map_err(|reason| TimelineError::Undecoded { position, reason })?;
    let told = facts
        .iter()
        .filter(|fact| super::order_of(recorded, fact) == Some(order_id))
        .filter_map(|fact| TimelineEntry::told(order_id, recorded, fact));
    let told = told.reduce(|mut entry, also| {
        entry.tell_also(also);
        entry
    });
    let cursor = cursor_of(order_id, position);
    let key = cursor.key.clone();
    Ok(told.map(|row| Found { key, row, cursor }))
}

/// The place of an entry in the timeline of its order.
fn cursor_of(order_id: OrderId, position: Position) -> Cursor {
    Cursor {
        value: ColumnValue::Integer(position.cast_signed()),
        key: format!("{order_id}/{position:020}"),
    }
}

/// The position of the entry that the cursor stands for.
fn position_of(order_id: OrderId, cursor: &Cursor) -> Result<Position, TimelineError> {
    match cursor.value {
        ColumnValue::Integer(position)
            if *cursor == cursor_of(order_id, position.cast_unsigned()) =>
        {
            Ok(position.cast_unsigned())
        }
        _ => Err(TimelineError::ForeignCursor),
    }
}
