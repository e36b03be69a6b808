//! orderlog's command line and the places where its parts are put together.
//!
//! # Layout
//! - [`cli`]: one file per command; exit codes.
//! - [`embedded`]: all roles in one process over the embedded log.
//! - [`import`]: invoices from a file become products, stock and orders.
//! - [`demo`]: a shop at work, for a first look.
//! - [`bench`]: measurements that compare within one run.

pub mod cli;
pub mod embedded;

pub mod bench;
pub mod demo;
pub mod import;
