//! What is wanted of a replay, as it was said on the command line. It is kept beside an unfinished
//! output: another question can't continue it.

use clap::Args;
use serde::{Deserialize, Serialize};

/// Which events; all of what is said must hold, and of what is said several times one.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// From this position, or from the first event recorded at this instant or later.
    #[arg(long, value_name = "POSITION|TIME")]
    pub from: Option<String>,
    /// Up to and with this position, or the last event recorded at this instant or earlier; to the end of
    /// the log unless said.
    #[arg(long, value_name = "POSITION|TIME")]
    pub to: Option<String>,
    /// Of this type, where * is any text: Payment*; may be repeated.
    #[arg(long = "type", value_name = "TYPE")]
    pub types: Vec<String>,
    /// Of this stream; may be repeated.
    #[arg(long = "stream", value_name = "STREAM")]
    pub streams: Vec<String>,
    /// With this correlation id: what one request led to.
    #[arg(long, value_name = "ID")]
    pub correlation: Option<String>,
    /// Of this customer: his orders, and their payments, sagas, notifications and stock; and how he wants
    /// to be told.
    #[arg(long, value_name = "ID")]
    pub customer: Option<String>,
    /// By this actor, where * is any text: operator:*; may be repeated.
    #[arg(long = "actor", value_name = "ACTOR")]
    pub actors: Vec<String>,
    /// That happened then or later.
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// That happened earlier than this.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// With this value somewhere in the payload, as a JSON path (RFC 9535): $..sku=MUG-1; a path alone
    /// asks that something is there; may be repeated, and then all must hold.
    #[arg(long = "where", value_name = "JSONPATH=VALUE")]
    pub conditions: Vec<String>,
}
