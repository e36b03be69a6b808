//! `orderlog bench`: what this build does on this machine, beside a yardstick measured in the same
//! run, because absolute figures differ from machine to machine and from hour to hour.
//!
//! # Layout
//! - [`append`]: durable appends to the log against a raw file.
//! - [`place_order`]: orders over HTTP, accepted and carried through.
//! - [`load`]: many writers at once, each operation timed.
//! - [`sample`] and [`raw_file`]: what is appended, and the yardstick for it.
//! - [`shop`] and [`http`]: what orders are placed at, and the connection that carries them.
//! - [`table`]: the result of comparisons, for people and for programs.

pub mod append;
pub mod place_order;

pub mod load;

pub mod raw_file;
pub mod sample;

pub mod http;
pub mod shop;

pub mod table;
