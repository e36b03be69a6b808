//! Makes the seals: so many events to a seal, or what there is after so long. It reads behind the
//! appends and never in their way, at most a quarter of the time; where it fell behind it catches up
//! seal by seal. Any number of sealers may run: a seal's number is taken by whoever adds it first, and
//! one that was dead for a while finds its number taken. Killed anywhere, it goes on from what is
//! stored; the anchor is told what it missed.

use std::{path::PathBuf, sync::Arc, time::Duration};

use blake3::Hash;
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use super::{
    anchor::{Anchor, AnchorError},
    digest::leaf,
    keys::{KeyError, KeyFile, PublicKey},
    merkle,
    record::{Seal, SealBody},
    sealed_log::SealStore,
};
use crate::{
    clock::Clock,
    event::Position,
    event_store::{Head, StoreError},
};

/// Events read at a time.
const PAGE: u64 = 1024;
/// Seals told to the anchor at a time.
const TOLD_AT_ONCE: usize = 256;
/// How often it looks whether a seal is due, while some events are not sealed.
const LOOK: Duration = Duration::from_millis(50);
/// How long it rests for each second that it worked.
const REST: u32 = 3;
/// How long it waits after a failure that may pass.
const PATIENCE: Duration = Duration::from_secs(2);

/// How seals are made.
#[derive(Clone, Debug)]
pub struct SealSettings {
    /// The file of the private keys; it must be there. It is read anew for each seal.
    pub key: PathBuf,
    /// Events to a seal.
    pub every: u64,
    /// How long an event waits for its seal at most, about.
    pub interval: Duration,
    /// Where seals are told to.
    pub anchor: Option<PathBuf>,
}

/// Seals a log as it grows.
pub struct Sealer {
    store: Arc<dyn SealStore>,
    head: watch::Receiver<Position>,
    settings: SealSettings,
    clock: Clock,
    anchor: Option<Anchor>,
    /// Number of the last seal that the anchor is known to hold.
    told: Option<u64>,
}

/// Why a log is not sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The log can't be read, or the seal not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The seals go on with a key that the file has not got.
    #[error("the seals go on with the key {key}, which {path} has not got: put it back there")]
    OtherKey {
        /// The key.
        key: PublicKey,
        /// The file.
        path: PathBuf,
    },
    /// A position is missing.
    #[error("position {0} is missing in the log: run `orderlog events verify`")]
    Gap(Position),
    /// Sealed events are gone.
    #[error(
        "seal {seal} reaches to position {sealed}, but the log ends at {head}: it lost its end; run \
         `orderlog events verify`"
    )]
    RolledBack {
        /// The last seal.
        seal: u64,
        /// Its last position.
        sealed: Position,
        /// The last position of the log.
        head: Position,
    },
    /// The seals are of another log.
    #[error("seal {0} is of another log: run `orderlog events verify`")]
    OtherLog(u64),
    /// The anchor knows more, or something else.
    #[error(
        "the anchor holds seal {0}, and the log does not: it lost its end, or another log was \
         anchored there; run `orderlog events verify --seal-anchor FILE`"
    )]
    AnchorAhead(u64),
    /// The anchor can't be used.
    #[error(transparent)]
    Anchor(#[from] AnchorError),
}

impl SealError {
    /// Whether somebody has to look before anything more may be sealed.
    pub fn is_evidence(&self) -> bool {
        match self {
            Self::Gap(_) | Self::RolledBack { .. } | Self::OtherLog(_) | Self::AnchorAhead(_) => {
                true
            }
            Self::Store(error) => matches!(error, StoreError::Corrupt { .. }),
            Self::Key(_) | Self::OtherKey { .. } | Self::Anchor(_) => false,
        }
    }
}

impl Sealer {
    /// Seals the log of `store`, whose `head` is kept up to date.
    pub fn new(
        store: Arc<dyn SealStore>,
        head: watch::Receiver<Position>,
        settings: SealSettings,
        clock: Clock,
    ) -> Self {
        let anchor = settings.anchor.as_ref().map(Anchor::new);
        Self {
            store,
            head,
            settings,
            clock,
            anchor,
            told: None,
        }
    }

    /// Seals until `stop`; then what is left, if that is no more than one seal. It may be dropped at
    /// any time. Ends by itself only where the log is not what was sealed; all else is tried again.
    pub async fn run(mut self, stop: impl Future<Output = ()> + Send) -> Result<(), SealError> {
        tokio::select! {
            () = stop => {}
            error = self.go_on() => return Err(error),
        }
        self.seal_now().await.map(drop)
    }

    async fn go_on(&mut self) -> SealError {
        loop {
            match self.next().await {
                Ok(()) => {}
                Err(error) if error.is_evidence() => return error,
                Err(error) => {
                    tracing::warn!(%error, "the log is not being sealed");
                    sleep(PATIENCE).await;
                }
            }
        }
    }

    /// Waits until a seal is due, and makes it.
    async fn next(&mut self) -> Result<(), SealError> {
        let last = self.last().await?;
        self.due(last.map_or(0, |seal| seal.body.last)).await;
        let began = Instant::now();
        self.seal_now().await?;
        sleep(began.elapsed() * REST).await;
        Ok(())
    }

    /// Seals what there is, but no more than one seal takes. None where all is sealed, or somebody else
    /// was faster.
    pub async fn seal_now(&mut self) -> Result<Option<Seal>, SealError> {
        let last = self.last().await?;
        let sealed = last.as_ref().map_or(0, |seal| seal.body.last);
        let head = self.store.end().await?;
        let to = head.position.min(sealed + self.settings.every);
        if to == sealed {
            return Ok(None);
        }
        let seal = self.seal(last, head, to).await?;
        if seal.is_some() {
            self.tell(seal.as_ref()).await?;
        }
        Ok(seal)
    }

    /// The last seal, told to the anchor, and continued by the log.
    async fn last(&mut self) -> Result<Option<Seal>, SealError> {
        let last = self.store.last_seal().await?;
        self.tell(last.as_ref()).await?;
        continues(last.as_ref(), &self.store.end().await?)?;
        Ok(last)
    }

    /// Waits until a seal is due behind this position.
    async fn due(&mut self, sealed: Position) {
        if self.head.wait_for(|head| *head > sealed).await.is_err() {
            // The log is closed, and so this ends soon.
            std::future::pending::<()>().await;
        }
        let (full, late) = (
            sealed + self.settings.every,
            Instant::now() + self.settings.interval,
        );
        while *self.head.borrow() < full && Instant::now() < late {
            sleep(LOOK.min(self.settings.interval)).await;
        }
    }

    /// Makes the seal behind `last`; none where somebody else did.
    async fn seal(
        &self,
        last: Option<Seal>,
        head: Head,
        to: Position,
    ) -> Result<Option<Seal>, SealError> {
        let first = last.as_ref().map_or(1, |seal| seal.body.last + 1);
        let digests = self.digests(first, to).await?;
        let leaves: Vec<_> = (first..)
            .zip(&digests)
            .map(|(at, it)| leaf(at, it))
            .collect();
        let root = merkle::root(&leaves).ok_or(SealError::Gap(first))?;
        let keys = KeyFile::open(&self.settings.key)?;
        let (key, introduces) = match &last {
            None => (keys.newest(), None),
            Some(last) => {
                let key = last.body.next_key();
                let path = || self.settings.key.clone();
                keys.find(key)
                    .ok_or_else(|| SealError::OtherKey { key, path: path() })?
            }
        };
        let body = SealBody {
            number: last.as_ref().map_or(1, |seal| seal.body.number + 1),
            log_id: head.log_id,
            first,
            last: to,
            root: *root.as_bytes(),
            previous: last.map_or([0; 32], |seal| *seal.hash().as_bytes()),
            key: PublicKey::of(key),
            introduces,
            sealed_at: self.clock.now(),
        };
        let seal = body.signed_by(key);
        let added = self.store.add(&seal, &digests).await?;
        if added {
            tracing::debug!(seal = seal.body.number, first, last = to, "sealed");
        }
        Ok(added.then_some(seal))
    }

    async fn digests(&self, first: Position, last: Position) -> Result<Vec<Hash>, SealError> {
        let mut digests = Vec::new();
        let mut next = first;
        while next <= last {
            let page = self.store.digests(next, last.min(next + PAGE - 1)).await?;
            for (expected, found) in (next..).zip(&page) {
                if found.position != expected {
                    return Err(SealError::Gap(expected.min(found.position)));
                }
            }
            let end = next + page.len() as u64;
            if end != (next + PAGE).min(last + 1) {
                return Err(SealError::Gap(end));
            }
            digests.extend(page.iter().map(|event| event.digest));
            next = end;
            tokio::task::yield_now().await;
        }
        Ok(digests)
    }

    /// Tells the anchor all seals up to `last` that it has not got.
    async fn tell(&mut self, last: Option<&Seal>) -> Result<(), SealError> {
        let Some(anchor) = self.anchor.clone() else {
            return Ok(());
        };
        let number = last.map_or(0, |seal| seal.body.number);
        let mut told = match self.told {
            Some(told) => told,
            None => self.known_to(&anchor).await?,
        };
        while told < number {
            let seals = self.store.seals(told, TOLD_AT_ONCE).await?;
            let (anchor, end) = (anchor.clone(), told + seals.len() as u64);
            blocking(move || anchor.append(&seals)).await?;
            told = end;
        }
        self.told = Some(told);
        Ok(())
    }

    /// Number of the last seal that the anchor holds, which must be one of this log.
    async fn known_to(&self, anchor: &Anchor) -> Result<u64, SealError> {
        let anchor = anchor.clone();
        let Some(known) = blocking(move || anchor.last()).await? else {
            return Ok(0);
        };
        let told = known.body.number;
        let ours = self.store.seals(told.saturating_sub(1), 1).await?;
        if ours.first() != Some(&known) {
            return Err(SealError::AnchorAhead(told));
        }
        Ok(told)
    }
}

/// Whether the log still has all that the last seal covers.
fn continues(last: Option<&Seal>, head: &Head) -> Result<(), SealError> {
    let Some(Seal { body, .. }) = last else {
        return Ok(());
    };
    if body.log_id != head.log_id {
        return Err(SealError::OtherLog(body.number));
    }
    if body.last > head.position {
        return Err(SealError::RolledBack {
            seal: body.number,
            sealed: body.last,
            head: head.position,
        });
    }
    Ok(())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, AnchorError> + Send + 'static,
) -> Result<T, SealError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done?),
        Err(error) => Err(SealError::Store(StoreError::Unavailable {
            detail: format!("the anchor was not told: {error}"),
        })),
    }
}
