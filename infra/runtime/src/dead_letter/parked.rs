//! What a consumer has parked, in memory, and what of it was not written yet. The first parked event
//! of a key stands before all others of it. Nothing in here reads or writes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use orderlog_log::event::Position;

use super::{Decision, ParkedEvent, Ruling};

/// Why an event is parked that nobody has tried to take.
pub(crate) const WAITS: &str = "waits behind an earlier event of its key";

/// Parked partition keys with the positions of their parked events.
#[derive(Debug, Default)]
pub(crate) struct ParkedKeys {
    positions: HashMap<String, BTreeSet<Position>>,
    /// What has changed since it was last written: parked, or not parked any more.
    news: BTreeMap<Position, Option<ParkedEvent>>,
}

/// What carrying out a decision comes to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Due {
    /// Is dropped.
    pub(crate) dropped: Option<Position>,
    /// Are taken again, in this order, until one fails.
    pub(crate) redriven: Vec<Position>,
}

impl ParkedKeys {
    pub(crate) fn of(stored: impl IntoIterator<Item = (String, Vec<Position>)>) -> Self {
        let positions = stored.into_iter();
        Self {
            positions: positions
                .map(|(key, positions)| (key, positions.into_iter().collect()))
                .collect(),
            news: BTreeMap::new(),
        }
    }

    pub(crate) fn contains(&self, key: &str) -> bool {
        self.positions.contains_key(key)
    }

    /// Each key with the position of its first parked event.
    pub(crate) fn firsts(&self) -> HashMap<String, Position> {
        let first = |(key, positions): (&String, &BTreeSet<Position>)| {
            Some((key.clone(), *positions.first()?))
        };
        self.positions.iter().filter_map(first).collect()
    }

    pub(crate) fn park(&mut self, event: ParkedEvent) {
        let positions = self.positions.entry(event.partition_key.clone());
        positions.or_default().insert(event.position);
        self.news.insert(event.position, Some(event));
    }

    pub(crate) fn unpark(&mut self, key: &str, position: Position) {
        let Some(positions) = self.positions.get_mut(key) else {
            return;
        };
        if positions.remove(&position) {
            self.news.insert(position, None);
        }
        if positions.is_empty() {
            self.positions.remove(key);
        }
    }

    /// What a decision about the key comes to; `None` where its event is not parked any more, or may
    /// not be dropped because it is not the first.
    pub(crate) fn due(&self, key: &str, decision: &Decision) -> Option<Due> {
        let positions = self.positions.get(key)?;
        let first = *positions.first()?;
        let dropped = match decision.ruling {
            Ruling::Redrive => positions.contains(&decision.position).then_some(None)?,
            Ruling::Discard => (first == decision.position).then_some(Some(first))?,
        };
        let redriven = positions.iter().copied();
        let redriven = redriven.filter(|position| Some(*position) != dropped);
        Some(Due {
            dropped,
            redriven: redriven.collect(),
        })
    }

    /// What was parked since the last call, and the positions of what is not parked any more.
    pub(crate) fn take_news(&mut self) -> (Vec<ParkedEvent>, Vec<Position>) {
        let (mut parked, mut unparked) = (Vec::new(), Vec::new());
        for (position, news) in std::mem::take(&mut self.news) {
            match news {
                Some(event) => parked.push(event),
                None => unparked.push(position),
            }
        }
        (parked, unparked)
    }
}

/// Parked events by their key, oldest first, as an engine reads them in the order of positions.
pub(crate) fn by_key<Error>(
    rows: impl IntoIterator<Item = Result<(String, Position), Error>>,
) -> Result<HashMap<String, Vec<Position>>, Error> {
    let mut keys: HashMap<String, Vec<Position>> = HashMap::new();
    for row in rows {
        let (key, position) = row?;
        keys.entry(key).or_default().push(position);
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn decision(ruling: Ruling, position: Position) -> Decision {
        Decision {
            ruling,
            consumer: "sums".to_owned(),
            position,
            event_id: Uuid::nil(),
            reason: String::new(),
        }
    }

    fn event(position: Position) -> ParkedEvent {
        ParkedEvent {
            partition_key: "a".to_owned(),
            position,
            event_id: Uuid::nil(),
            event_type: "Toy".to_owned(),
            reason: WAITS.to_owned(),
        }
    }

    #[test]
    fn a_decision_about_what_is_not_parked_comes_to_nothing() {
        let parked = ParkedKeys::of([("a".to_owned(), vec![3, 5, 8])]);
        for (ruling, key, position) in [
            (Ruling::Redrive, "a", 4),
            (Ruling::Redrive, "b", 3),
            (Ruling::Discard, "a", 5),
            (Ruling::Discard, "b", 3),
        ] {
            assert_eq!(parked.due(key, &decision(ruling, position)), None);
        }
    }

    #[test]
    fn all_of_the_key_are_taken_again_but_the_one_that_is_dropped() {
        let parked = ParkedKeys::of([("a".to_owned(), vec![3, 5, 8])]);
        let redriven = parked.due("a", &decision(Ruling::Redrive, 5));
        let all = (None, vec![3, 5, 8]);
        assert_eq!(redriven.map(|due| (due.dropped, due.redriven)), Some(all));
        let discarded = parked.due("a", &decision(Ruling::Discard, 3));
        let rest = (Some(3), vec![5, 8]);
        assert_eq!(discarded.map(|due| (due.dropped, due.redriven)), Some(rest));
    }

    #[test]
    fn the_last_news_of_an_event_count() {
        let mut parked = ParkedKeys::of([("a".to_owned(), vec![3])]);
        parked.park(event(5));
        parked.unpark("a", 3);
        parked.unpark("a", 3);
        parked.park(event(3));
        parked.unpark("a", 5);
        assert_eq!(parked.firsts(), HashMap::from([("a".to_owned(), 3)]));
        assert_eq!(parked.take_news(), (vec![event(3)], vec![5]));
        parked.unpark("a", 3);
        assert!(!parked.contains("a"));
        assert_eq!(parked.take_news(), (vec![], vec![3]));
        assert_eq!(parked.take_news(), (vec![], vec![]));
    }
}
