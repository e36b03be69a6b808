//! The sealer as a part of the system. On the embedded log it runs with everything else; of the roles
//! it is the relay's: that one reads the log in order anyway, stands in nobody's way, and has little to
//! do. Nobody's orders wait for a seal: where sealing fails, that is said, and the rest goes on.

use std::{path::PathBuf, sync::Arc};

use orderlog_log::{
    clock::Clock,
    event_store::EventStore,
    seal::{KeyFile, Seal, SealSettings, SealStore, Sealer},
};

use super::{Config, Engines, Sealing, StartError, System, engines::Opened};

/// The key's file in a data directory.
const KEY: &str = "seal.key";

/// Starts the sealer, where one is wanted.
pub(super) async fn start(system: &mut System, config: &Config) -> Result<(), StartError> {
    if config.sealing.is_none() {
        return Ok(());
    }
    let (seals, log) = (Arc::clone(&system.seals), &system.log);
    let Some(sealer) = sealer(config, seals, log.as_ref(), &system.clock).await? else {
        tracing::warn!("the log is not sealed: give --seal-key FILE");
        return Ok(());
    };
    let stop = system.cancel.clone();
    system.running.spawn(async move {
        if let Err(error) = sealer.run(stop.cancelled()).await {
            tracing::error!(%error, "the log is no longer sealed");
        }
        stop.cancelled().await;
        Ok(())
    });
    Ok(())
}

impl System {
    /// Seals all that is in the log; nothing else runs. `told` is told each seal.
    pub async fn seal_all(config: &Config, mut told: impl FnMut(&Seal)) -> Result<(), StartError> {
        let opened = Opened::open(config).await?;
        let (seals, log) = (opened.seals().await?, opened.log.as_ref());
        let sealer = sealer(config, seals, log, &Clock::system()).await?;
        let mut sealer = sealer.ok_or(StartError::NoSealKey)?;
        while let Some(seal) = sealer.seal_now().await? {
            told(&seal);
        }
        Ok(())
    }
}

/// The sealer, if there is a key.
async fn sealer(
    config: &Config,
    seals: Arc<dyn SealStore>,
    log: &dyn EventStore,
    clock: &Clock,
) -> Result<Option<Sealer>, StartError> {
    let Some((sealing, key)) = config
        .sealing
        .as_ref()
        .and_then(|sealing| Some((sealing, key(sealing, &config.engines)?)))
    else {
        return Ok(None);
    };
    // A log that was sealed goes on with the key that it has.
    match seals.last_seal().await? {
        None => KeyFile::open_or_create(&key)?,
        Some(_) => KeyFile::open(&key)?,
    };
    let settings = SealSettings {
        key,
        every: sealing.every,
        interval: sealing.interval,
        anchor: sealing.anchor.clone(),
    };
    let sealer = Sealer::new(seals, log.watch_head(), settings, clock.clone());
    Ok(Some(sealer))
}

fn key(sealing: &Sealing, engines: &Engines) -> Option<PathBuf> {
    sealing.key.clone().or_else(|| match engines {
        Engines::Embedded { data_dir } => Some(data_dir.join(KEY)),
        Engines::Distributed(_) => None,
    })
}
