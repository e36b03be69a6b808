//! How many calls an endpoint may keep waiting at the same time: one that hangs must not take the
//! places of the others.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use orderlog_domain::ids::EndpointId;

/// Calls to one endpoint at the same time.
const MOST: u32 = 4;

/// The calls under way, by endpoint.
#[derive(Clone, Default)]
pub(super) struct Places(Arc<Mutex<HashMap<EndpointId, u32>>>);

/// A call under way; over when dropped.
pub(super) struct Place {
    places: Places,
    endpoint: EndpointId,
}

impl Places {
    /// A place for one more call to the endpoint, if it has one.
    pub(super) fn take(&self, endpoint: EndpointId) -> Option<Place> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_it = taken.entry(endpoint).or_default();
        if *of_it >= MOST {
            return None;
        }
        *of_it += 1;
        let places = self.clone();
        Some(Place { places, endpoint })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = taken.get(&self.endpoint).map_or(0, |taken| taken - 1);
        match left {
            0 => taken.remove(&self.endpoint),
            left => taken.insert(self.endpoint, left),
        };
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_endpoint_that_hangs_takes_its_own_places_alone() {
        let [hanging, other] = [1, 2].map(|id| EndpointId(Uuid::from_u128(id)));
        let places = Places::default();
        let mut taken: Vec<_> = (0..MOST).map(|_| places.take(hanging).unwrap()).collect();
        assert!(places.take(hanging).is_none());
        assert!(places.take(other).is_some());
        taken.pop();
        assert!(places.take(hanging).is_some());
        taken.clear();
        assert!(places.0.lock().unwrap().is_empty());
    }
}
