//! The history of an embedded log: read beside whoever writes it, and written where nobody does.

mod reading;
mod writing;

pub use self::{reading::history, writing::SqliteTarget};
