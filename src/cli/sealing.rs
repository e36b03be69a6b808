//! The options that say how the log is sealed.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use crate::system::Sealing;

/// How the log is sealed.
#[derive(Clone, Debug, Args)]
pub(super) struct SealingArgs {
    /// Private keys of the log's seals; drawn and written there (for the owner alone) where nothing is
    /// sealed yet. By default seal.key in the data directory; a log in PostgreSQL is sealed by relays
    /// that are given the same file.
    #[arg(long, env = "ORDERLOG_SEAL_KEY", value_name = "FILE")]
    seal_key: Option<PathBuf>,

    /// Events to a seal.
    #[arg(long, env = "ORDERLOG_SEAL_EVERY", default_value_t = 4096, value_name = "COUNT",
          value_parser = clap::value_parser!(u64).range(1..=65_536))]
    seal_every: u64,

    /// How many seconds an event waits for its seal at most.
    #[arg(long, env = "ORDERLOG_SEAL_INTERVAL", default_value_t = 60, value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(1..))]
    seal_interval: u64,

    /// Append each seal to this file as well, which lies elsewhere: without it a cut-off end can't be
    /// proved.
    #[arg(long, env = "ORDERLOG_SEAL_ANCHOR", value_name = "FILE")]
    seal_anchor: Option<PathBuf>,

    /// Do not seal the log.
    #[arg(long, env = "ORDERLOG_NO_SEALS", conflicts_with_all = ["seal_key", "seal_anchor"])]
    no_seals: bool,
}

impl SealingArgs {
    pub(super) fn sealing(&self) -> Option<Sealing> {
        (!self.no_seals).then(|| Sealing {
            key: self.seal_key.clone(),
            every: self.seal_every,
            interval: Duration::from_secs(self.seal_interval),
            anchor: self.seal_anchor.clone(),
        })
    }
}
