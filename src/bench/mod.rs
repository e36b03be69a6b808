//! `orderlog bench`: what this build does on this machine, beside a yardstick measured in the same
//! run, because absolute figures differ from machine to machine and from hour to hour.
//!
//! # Layout
//! - [`append`]: durable appends to the log against a raw file; commands on PostgreSQL.
//! - [`relay`]: the log published to Kafka, against a bare producer.
//! - [`place_order`]: orders over HTTP, accepted and carried through.
//! - [`visibility`]: how soon an order that was placed is seen.
//! - [`history`]: a log of real-shaped orders, to be read.
//! - [`fold`] and [`rebuild`]: the log gone through, up to all read models in memory, or in a store.
//! - [`means`]: threads and memory for that.
//! - [`contest`] and [`load`]: contestants that take turns; many writers at once, each operation timed.
//! - [`sample`], [`sheet`] and [`raw_file`]: what is appended, and the yardstick for it.
//! - [`ground`] and [`scratch`]: a system of the bench's own, and what it makes on others' servers.
//! - [`shop`] and [`http`]: what orders are placed at, and the connection that carries them.
//! - [`table`] and [`stages`]: the results, for people and for programs; [`usage`]: processor time, memory.

pub mod append;
pub mod fold;
pub mod place_order;
pub mod rebuild;
pub mod relay;
pub mod visibility;

pub mod history;
pub mod means;

pub mod contest;
pub mod load;

pub mod raw_file;
pub mod sample;
pub mod sheet;

pub mod ground;
pub mod scratch;

pub mod http;
pub mod shop;

pub mod stages;
pub mod table;
pub mod usage;
