//! Files that say what the domain does, for people to review and for tests to hold it to:
//! `matrix/<aggregate>.txt`, what comes of each command in each state,
//! `events/<Event>.v<version>.json`, each event as it is stored, and `histories/<branch>.ndjson`, what a
//! saga heard and decided in each of its branches. `UPDATE_GOLDEN=1 cargo test -p orderlog-domain`
//! writes the first and the last anew and adds what is missing of the second.
//!
//! To plug an aggregate in: say its lives and its commands in `matrix/<aggregate>.rs`, give it
//! one test in `matrix.rs`, and name its events once in `golden_events.rs`.

use std::{env, path::PathBuf};

/// Where the golden files are.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// Whether golden files are to be written instead of compared.
pub(crate) fn updating() -> bool {
    env::var_os("UPDATE_GOLDEN").is_some()
}
