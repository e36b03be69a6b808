//! The runtime against the embedded engines: contract suites of the ports, live folding, rebuilds,
//! processes and work, each through crashes and restarts.

#[path = "../contract/mod.rs"]
mod contract;

mod changes;
mod compare;
mod contracts;
mod crash;
mod each;
mod grants;
mod partitions;
mod process;
mod process_partitions;
mod projector;
mod read_file;
mod rebuild;
mod source;
mod toy;
mod upgrade;
mod wait;
mod work;
