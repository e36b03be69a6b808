//! The sealer as a part of the system. On the embedded log it runs with everything else; of the roles
//! it is the relay's: that one reads the log in order anyway, stands in nobody's way, and has little to
//! do. Nobody's orders wait for a seal: where sealing fails, that is said, and the rest goes on.

use std::{path::PathBuf, sync::Arc};

use orderlog_log::seal::{KeyFile, SealSettings, Sealer};

use super::{Config, Engines, Sealing, StartError, System};

/// The key's file in a data directory.
const KEY: &str = "seal.key";

/// Starts the sealer, where one is wanted.
pub(super) async fn start(system: &mut System, config: &Config) -> Result<(), StartError> {
    let Some(sealing) = &config.sealing else {
        return Ok(());
    };
    let Some(key) = key(sealing, &config.engines) else {
        tracing::warn!("the log is not sealed: give --seal-key FILE");
        return Ok(());
    };
    // A log that was sealed goes on with the key that it has.
    match system.seals.last_seal().await? {
        None => KeyFile::open_or_create(&key)?,
        Some(_) => KeyFile::open(&key)?,
    };
    let settings = SealSettings {
        key,
        every: sealing.every,
        interval: sealing.interval,
        anchor: sealing.anchor.clone(),
    };
    let (store, head) = (Arc::clone(&system.seals), system.log.watch_head());
    let sealer = Sealer::new(store, head, settings, system.clock.clone());
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

fn key(sealing: &Sealing, engines: &Engines) -> Option<PathBuf> {
    sealing.key.clone().or_else(|| match engines {
        Engines::Embedded { data_dir } => Some(data_dir.join(KEY)),
        Engines::Distributed(_) => None,
    })
}
