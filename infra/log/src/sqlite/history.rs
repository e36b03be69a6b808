//! The history of an embedded log, read beside whoever writes it.

mod reading;

pub use self::reading::history;
