//! The runtime against the embedded engines: contract suites of the ports, live folding, rebuilds,
//! processes and work, each through crashes and restarts.

mod changes;
mod crash;
mod page;
mod process;
mod projector;
mod read_file;
mod read_store;
mod rebuild;
mod source;
mod toy;
mod wait;
mod work;
mod work_store;
