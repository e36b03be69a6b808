//! The engines on PostgreSQL: the contract suites of the ports, several processes on one database,
//! connections that are cut, and rows that are equal, hash for hash, to those of the other engine.

#[path = "../contract/mod.rs"]
mod contract;
#[path = "../it/grants.rs"]
#[expect(dead_code, reason = "shared with the tests of the embedded engines")]
mod grants;
#[path = "../it/toy.rs"]
#[expect(dead_code, reason = "shared with the tests of the embedded engines")]
mod toy;

mod contracts;
mod database;
mod equal;
mod interruptions;
mod opening;
mod rebuild;
mod things;
mod two_processes;
mod work;
