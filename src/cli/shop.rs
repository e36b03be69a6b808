//! The options that every command over an embedded data directory shares.

use std::path::PathBuf;

use clap::Args;

use crate::embedded::Config;

/// Where the data lies and how the shop is run.
#[derive(Clone, Debug, Args)]
pub struct ShopArgs {
    /// Directory of the log and the read models; created where missing.
    #[arg(
        long,
        env = "ORDERLOG_DATA_DIR",
        default_value = "orderlog-data",
        value_name = "DIR"
    )]
    pub data_dir: PathBuf,

    /// Time zone whose days the daily sales are counted in.
    #[arg(
        long,
        env = "ORDERLOG_TIME_ZONE",
        default_value = "UTC",
        value_name = "ZONE"
    )]
    pub time_zone: chrono_tz::Tz,

    /// Multiplies every waiting time of new orders' sagas; 0.01 makes half an hour 18 seconds. For tests and demos.
    #[arg(
        long,
        env = "ORDERLOG_TIME_SCALE",
        default_value_t = 1.0,
        value_name = "FACTOR"
    )]
    pub time_scale: f64,
}

impl ShopArgs {
    /// The embedded system's configuration.
    pub(super) fn config(&self) -> Config {
        Config {
            data_dir: self.data_dir.clone(),
            time_zone: self.time_zone,
            time_scale: self.time_scale,
            fan_out: true,
        }
    }
}
