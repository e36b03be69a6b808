//! The first event under a seal that is not as it was, and what became of it. A digest holds all of an
//! event but its position, so an event is known again wherever it was moved to.

use blake3::Hash;

use super::{
    flaw::{Finding, Flaw},
    sealed_log::Digested,
};
use crate::event::Position;

/// Compares what was sealed from position `first` on with what is `found` there; `found` goes on one
/// position behind the seal, where an inserted event pushes the last one to.
pub(super) fn first_difference(
    first: Position,
    sealed: &[Hash],
    found: &[Digested],
) -> Option<Finding> {
    for ((position, expected), place) in (first..).zip(sealed).zip(0..) {
        let flaw = match found.get(place) {
            Some(event) if event.position == position && event.digest == *expected => continue,
            Some(event) if event.position == position => {
                replaced(expected, event, (first, sealed), found)
            }
            // More than one event at the position before.
            Some(event) if event.position < position => {
                return Some(Finding {
                    position: event.position,
                    flaw: Flaw::Twice,
                });
            }
            _ => Flaw::Removed { now_there: None },
        };
        return Some(Finding { position, flaw });
    }
    let behind = first + sealed.len() as u64;
    let surplus = found.get(sealed.len())?;
    (surplus.position < behind).then_some(Finding {
        position: surplus.position,
        flaw: Flaw::Twice,
    })
}

/// Why `event` stands where another one was sealed.
fn replaced(
    expected: &Hash,
    event: &Digested,
    (first, sealed): (Position, &[Hash]),
    found: &[Digested],
) -> Flaw {
    let place = sealed.iter().position(|digest| *digest == event.digest);
    let still_there = found.iter().any(|other| other.digest == *expected);
    match (place.map(|place| first + place as u64), still_there) {
        (None, false) => Flaw::Changed,
        (None, true) => Flaw::Inserted,
        (Some(other), false) => Flaw::Removed {
            now_there: Some(other),
        },
        (Some(sealed_at), true) => Flaw::Reordered { sealed_at },
    }
}

#[cfg(test)]
mod tests {
    use super::{super::StreamKey, *};

    fn digest(name: u64) -> Hash {
        blake3::hash(&name.to_be_bytes())
    }

    /// Sealed are the events 11 to 15, found are these at these positions.
    fn finding(found: &[(Position, u64)]) -> Option<Finding> {
        let sealed: Vec<_> = (11..=15).map(digest).collect();
        let found: Vec<_> = found
            .iter()
            .map(|(position, name)| Digested {
                position: *position,
                digest: digest(*name),
                stream: StreamKey::of(b"thing-1"),
                version: 1,
            })
            .collect();
        first_difference(11, &sealed, &found)
    }

    #[test]
    fn what_is_as_it_was_has_no_finding() {
        let whole = [(11, 11), (12, 12), (13, 13), (14, 14), (15, 15)];
        assert_eq!(finding(&whole), None);
        let more = [whole.as_slice(), &[(16, 16)]].concat();
        assert_eq!(finding(&more), None);
    }

    #[test]
    fn each_way_to_tamper_is_told_apart() {
        let removed = |now_there| Flaw::Removed { now_there };
        let moved = |sealed_at| Flaw::Reordered { sealed_at };
        for (found, position, flaw) in [
            (
                vec![(11, 11), (12, 99), (13, 13), (14, 14), (15, 15)],
                12,
                Flaw::Changed,
            ),
            (
                vec![(11, 11), (13, 13), (14, 14), (15, 15), (16, 16)],
                12,
                removed(None),
            ),
            (
                vec![(11, 11), (12, 12), (13, 13), (14, 14)],
                15,
                removed(None),
            ),
            (vec![], 11, removed(None)),
            (
                vec![(11, 11), (12, 13), (13, 14), (14, 15), (15, 16)],
                12,
                removed(Some(13)),
            ),
            (
                vec![(11, 11), (12, 99), (13, 12), (14, 13), (15, 14), (16, 15)],
                12,
                Flaw::Inserted,
            ),
            (
                vec![(11, 11), (12, 12), (13, 13), (14, 14), (15, 99), (16, 15)],
                15,
                Flaw::Inserted,
            ),
            (
                vec![(11, 11), (12, 14), (13, 13), (14, 12), (15, 15)],
                12,
                moved(14),
            ),
            (
                vec![(11, 12), (12, 11), (13, 13), (14, 14), (15, 15)],
                11,
                moved(12),
            ),
            (
                vec![(11, 11), (12, 12), (12, 99), (13, 13), (14, 14)],
                12,
                Flaw::Twice,
            ),
            (
                vec![(11, 11), (12, 12), (13, 13), (14, 14), (15, 15), (15, 99)],
                15,
                Flaw::Twice,
            ),
        ] {
            assert_eq!(
                finding(&found),
                Some(Finding { position, flaw }),
                "{found:?}"
            );
        }
    }
}
