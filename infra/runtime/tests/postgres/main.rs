//! The engines on PostgreSQL: the contract suites of the ports, several processes on one database,
//! connections that are cut, and rows that are equal, hash for hash, to those of the other engine.

mod database;
mod equal;
mod interruptions;
mod opening;
mod things;
mod two_processes;
mod work;
