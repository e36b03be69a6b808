//! Which partition a key belongs to. Keys fall into a fixed number of slots, and slots into
//! partitions: what stays within one slot stays within one partition, however many there are.

/// Slots that keys fall into; never changes, and is the largest number of partitions.
pub const SLOTS: u32 = 64;

/// The slot of a partition key.
pub fn slot_of(partition_key: &str) -> u32 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let hash = partition_key.bytes().fold(OFFSET, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(PRIME)
    });
    ((hash ^ (hash >> 32)) as u32) % SLOTS
}

/// The partition of a partition key where there are `count` of them (1 to [`SLOTS`]).
pub fn partition_of(partition_key: &str, count: u32) -> u32 {
    slot_of(partition_key) % count.clamp(1, SLOTS)
}

/// Some of the slots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slots(u64);

impl Slots {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// All of them.
    pub const ALL: Self = Self(u64::MAX);

    /// The slots whose bits are set.
    pub fn of_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// A bit for each slot, the lowest for slot 0.
    pub fn bits(self) -> u64 {
        self.0
    }

    /// One alone.
    pub fn one(slot: u32) -> Self {
        Self(1 << (slot % SLOTS))
    }

    /// Whether `slot` is among them.
    pub fn contains(self, slot: u32) -> bool {
        self.0 & Self::one(slot).0 != 0
    }

    /// These and `other`.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// These but `other`.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// How many.
    pub fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each of them, in order.
    pub fn iter(self) -> impl Iterator<Item = u32> {
        (0..SLOTS).filter(move |slot| self.contains(*slot))
    }

    /// The first half of them; one where there is one.
    #[must_use]
    pub fn first_half(self) -> Self {
        let half = self.count().div_ceil(2) as usize;
        let first = self.iter().take(half);
        first.fold(Self::NONE, |first, slot| first.with(Self::one(slot)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_slots_are_joined_parted_and_halved() {
        let some = Slots::one(0).with(Slots::one(7)).with(Slots::one(63));
        assert_eq!(some.iter().collect::<Vec<_>>(), [0, 7, 63]);
        assert_eq!(some.first_half(), Slots::one(0).with(Slots::one(7)));
        assert_eq!(some.without(some.first_half()), Slots::one(63));
        assert_eq!(Slots::one(63).first_half(), Slots::one(63));
        assert_eq!(Slots::ALL.count(), SLOTS);
        assert!(Slots::ALL.without(Slots::ALL).is_empty());
        assert_eq!(Slots::of_bits(some.bits()), some);
    }

    #[test]
    fn the_slot_of_a_key_never_changes() {
        assert_eq!(slot_of(""), 1);
        assert_eq!(
            [
                "a",
                "b",
                "stock-TEA-main",
                "0190a8f0-0000-7000-8000-000000000001"
            ]
            .map(slot_of),
            [0, 41, 48, 7]
        );
    }

    #[test]
    fn keys_spread_over_all_slots() {
        let mut used = [0u32; SLOTS as usize];
        for number in 0..6400 {
            used[slot_of(&format!("0190a8f0-0000-7000-8000-{number:012}")) as usize] += 1;
        }
        assert!(
            used.iter().all(|&keys| (40..180).contains(&keys)),
            "{used:?}"
        );
    }

    #[test]
    fn a_partition_is_below_the_count() {
        for count in 1..=SLOTS {
            for key in ["a", "b", "c", "d"] {
                assert!(partition_of(key, count) < count);
            }
        }
    }
}
