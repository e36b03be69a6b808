//! The history of a log in PostgreSQL: read in one snapshot, and written by COPY as the exact
//! continuation of what is there. Next: `reading`, `writing`; `columns` is what COPY is given.

mod columns;
mod reading;
mod writing;

pub use self::{reading::history, writing::PgTarget};
