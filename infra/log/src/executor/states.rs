//! Aggregates used lately, and loading those that are not. A cached state is right for its version,
//! since events never change; whether that version is still the newest, the append tells.

use std::sync::Arc;

use cqrs_es::Aggregate;
use quick_cache::sync::Cache;

use super::{Decides, Loaded};
use crate::{
    event::{DecodeError, RecordedEvent, Today},
    event_store::{EventStore, StoreError},
};

/// Events per read of a stream.
const PAGE: usize = 512;

/// Where aggregates are loaded from, and how their events are read.
pub(super) struct Log<'a, A: Aggregate> {
    pub(super) store: &'a dyn EventStore,
    pub(super) decode: fn(&RecordedEvent) -> Result<Today<A::Event>, DecodeError>,
}

/// States by stream.
pub(super) struct States<A>(Cache<String, Loaded<A>>);

impl<A: Aggregate> States<A> {
    pub(super) fn new(cached: usize) -> Self {
        Self(Cache::new(cached))
    }
}

impl<A: Decides> States<A> {
    /// The aggregate as it was last seen here, perhaps stale, if it is cached.
    pub(super) fn cached(&self, stream: &str) -> Option<Loaded<A>> {
        self.0.get(stream)
    }

    /// The aggregate as it was last seen here, perhaps stale.
    pub(super) async fn recent(
        &self,
        log: &Log<'_, A>,
        stream: &str,
    ) -> Result<Loaded<A>, StoreError> {
        match self.cached(stream) {
            Some(loaded) => Ok(loaded),
            None => self.current(log, stream).await,
        }
    }

    /// The aggregate as the log has it now.
    pub(super) async fn current(
        &self,
        log: &Log<'_, A>,
        stream: &str,
    ) -> Result<Loaded<A>, StoreError> {
        let cached = self.0.get(stream);
        let known = cached.as_ref().map_or(0, |loaded| loaded.version);
        let loaded = catch_up(log, stream, cached.unwrap_or_default()).await?;
        if loaded.version > known {
            self.keep(stream, loaded.clone());
        }
        Ok(loaded)
    }

    /// Remembers what the log has acknowledged.
    pub(super) fn keep(&self, stream: &str, loaded: Loaded<A>) {
        self.0.insert(stream.to_owned(), loaded);
    }

    /// Forgets what has turned out stale.
    pub(super) fn forget(&self, stream: &str) {
        self.0.remove(stream);
    }
}

impl<A: Default> Default for Loaded<A> {
    fn default() -> Self {
        Self {
            state: Arc::default(),
            version: 0,
        }
    }
}

async fn catch_up<A: Decides>(
    log: &Log<'_, A>,
    stream: &str,
    mut loaded: Loaded<A>,
) -> Result<Loaded<A>, StoreError> {
    loop {
        let page = log.store.read_stream(stream, loaded.version, PAGE).await?;
        for recorded in &page {
            let events = (log.decode)(recorded).map_err(|error| unread(recorded, error))?;
            let state = Arc::make_mut(&mut loaded.state);
            events.into_iter().for_each(|event| state.apply(event));
            loaded.version = recorded.version;
        }
        if page.len() < PAGE {
            return Ok(loaded);
        }
    }
}

fn unread(event: &RecordedEvent, error: DecodeError) -> StoreError {
    let (stream, version, kind) = (&event.stream, event.version, &event.event_type);
    match error {
        DecodeError::Unknown(detail) => StoreError::NewerEvent {
            position: event.position,
            detail,
        },
        DecodeError::Damaged(reason) => StoreError::Corrupt {
            detail: format!("{stream}, version {version}: no valid {kind}: {reason}"),
        },
    }
}
