//! Numbers and ids that look random and are the same for the same seed (SplitMix64).

use chrono::{DateTime, TimeDelta, Utc};
use uuid::{Builder, Uuid};

/// A supply of numbers.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to and without 1.
    pub(super) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True in so many of a thousand cases.
    pub(super) fn per_mille(&mut self, cases: u64) -> bool {
        self.next() % 1000 < cases
    }

    /// A span between these, milliseconds.
    pub(super) fn between(&mut self, least: TimeDelta, most: TimeDelta) -> TimeDelta {
        let spread = (most - least).num_milliseconds() as f64;
        least + TimeDelta::milliseconds((self.share() * spread) as i64)
    }

    /// An id of this instant, as a UUIDv7 is.
    pub(super) fn id(&mut self, at: DateTime<Utc>) -> Uuid {
        let mut random = [0; 10];
        random[..8].copy_from_slice(&self.next().to_le_bytes());
        random[8..].copy_from_slice(&self.next().to_le_bytes()[..2]);
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
        Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}
