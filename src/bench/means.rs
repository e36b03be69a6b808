//! With how many threads and how much memory the log is folded, and through which read models.

use std::num::NonZeroUsize;

use orderlog_domain::fact::Facts;
use orderlog_runtime::{projection::ErasedProjection, rebuild::RebuildOptions};

/// With which means the log is folded.
#[derive(Clone, Debug, clap::Args)]
pub struct MeansArgs {
    /// Threads that work at once; as many as there are processors where absent
    #[arg(long, value_name = "COUNT")]
    threads: Option<NonZeroUsize>,
    /// Memory that rows may take, about; where they would take more, the log is read several times
    #[arg(long, value_name = "MIB", default_value_t = 2048, value_parser = clap::value_parser!(u64).range(1..))]
    memory: u64,
}

impl MeansArgs {
    /// The same for the runtime.
    pub fn options(&self) -> RebuildOptions {
        let default = RebuildOptions::default();
        RebuildOptions {
            memory: self.memory << 20,
            workers: self.threads.map_or(default.workers, NonZeroUsize::get),
            ..default
        }
    }
}

/// All read models; days begin at midnight UTC.
pub fn projections() -> Vec<Box<dyn ErasedProjection<Facts>>> {
    orderlog_projections::all(chrono_tz::Tz::UTC)
}
