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

#[cfg(test)]
mod tests {
    use super::*;

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
