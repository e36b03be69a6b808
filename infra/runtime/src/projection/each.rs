//! Projections over what a recorded event says today: nearly always one fact, and none or several where
//! the event was recorded in an older form. The facts of one event are folded together or not at all,
//! so that one which can't be folded leaves no half of it in the rows.

use orderlog_log::event::Today;

use super::{ColumnValue, Definition, ErasedProjection, FoldError, Occurred, Projection, erase};

/// A projection over facts as one of many over events; it is given each fact of an event in turn.
pub fn erase_each<E, P>(projection: P) -> Box<dyn ErasedProjection<Today<E>>>
where
    E: Send + Sync + 'static,
    P: Projection<E>,
{
    erase(Each(projection))
}

struct Each<P>(P);

impl<E: 'static, P: Projection<E>> Projection<Today<E>> for Each<P> {
    type Row = P::Row;

    fn definition(&self) -> Definition {
        self.0.definition()
    }

    fn keys(&self, event: &Occurred<'_, Today<E>>) -> Vec<String> {
        match event.fact.as_slice() {
            [only] => self.0.keys(&of(event, only)),
            facts => {
                let keys = |fact| self.0.keys(&of(event, fact));
                facts.iter().flat_map(keys).collect()
            }
        }
    }

    fn begins(&self, key: &str, event: &Occurred<'_, Today<E>>) -> bool {
        if let [only] = event.fact.as_slice() {
            return self.0.begins(key, &of(event, only));
        }
        // Of several, the first that touches the row begins it.
        let facts = event.fact.iter().map(|fact| of(event, fact));
        let mut touching = facts.filter(|event| self.touches(key, event));
        touching
            .next()
            .is_some_and(|event| self.0.begins(key, &event))
    }

    fn apply(
        &self,
        key: &str,
        row: &mut Option<P::Row>,
        event: &Occurred<'_, Today<E>>,
    ) -> Result<(), FoldError> {
        match event.fact.as_slice() {
            [only] => self.0.apply(key, row, &of(event, only)),
            facts => facts
                .iter()
                .map(|fact| of(event, fact))
                .filter(|event| self.touches(key, event))
                .try_for_each(|event| self.0.apply(key, row, &event)),
        }
    }

    fn columns(&self, row: &P::Row) -> Vec<ColumnValue> {
        self.0.columns(row)
    }
}

impl<P> Each<P> {
    fn touches<E>(&self, key: &str, event: &Occurred<'_, E>) -> bool
    where
        P: Projection<E>,
    {
        self.0.keys(event).iter().any(|it| it == key)
    }
}

/// One of the facts of an event.
fn of<'a, E>(event: &Occurred<'a, Today<E>>, fact: &'a E) -> Occurred<'a, E> {
    Occurred {
        recorded: event.recorded,
        fact,
    }
}
