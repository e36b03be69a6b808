//! The embedded engines. `read.db` holds read models, their checkpoints, parked events and the
//! index of the log; all of it is rebuildable, so a damaged file is set aside and filled anew.
//! Work rows and process checkpoints are not rebuildable and live in `events.db`, beside the log.

mod checkpoints;
mod commit;
mod compare;
mod file;
mod generation;
mod live_rows;
mod load;
mod log_index;
mod open;
mod page;
pub(crate) mod process;
mod read_store;
mod registry;
mod staging;
pub(crate) mod work;

pub use live_rows::SqliteLiveRows;
pub use open::OpenError;
pub use process::SqliteProcessStore;
pub use read_store::SqliteReadStore;
pub use work::SqliteWorkStore;
