//! The log on a real broker: what the relay publishes, who leads, what a consumer group makes of
//! repetitions, gaps, rebalances and lost records, and how both go on when the broker is killed; what others
//! are told on public topics.

mod announcer;
mod announcing;
mod broker;
mod fan_out;
mod follower;
mod ledger;
mod mending;
mod record;
mod relay;
mod retention;
mod services;
mod succession;
mod topic;
mod toy_log;
mod wire;
