//! orderlog's command line and the places where its parts are put together.
//!
//! # Layout
//! - [`cli`]: one file per command; exit codes.
//! - [`system`]: the parts put together, on either pair of engines, all roles or some.
//! - [`import`]: invoices from a file become products, stock and orders.
//! - [`demo`]: a shop at work, for a first look.
//! - [`replay`]: parts of the log copied, for audits.
//! - [`scenario`]: stories of orders, played on a running system.
//! - [`bench`]: measurements that compare within one run.

pub mod cli;
pub mod system;

pub mod bench;
pub mod demo;
pub mod import;
pub mod replay;
pub mod scenario;
