//! A data directory that can't be used is one clear line and exit code 1.

use std::path::Path;

use rusqlite::Connection;

use crate::binary::{Server, run};

fn refused(data_dir: &Path, says: &str) {
    let output = run(data_dir, &["projection", "list"]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert_eq!(stderr.trim_end().lines().count(), 1, "{stderr}");
    assert!(
        stderr.starts_with("error: ") && stderr.contains(says),
        "{stderr}"
    );
}

#[test]
fn one_in_use_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let _server = Server::start(directory.path(), &[]);
    refused(directory.path(), "is in use by another process");
}

#[test]
fn one_of_a_newer_version_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    assert!(
        run(directory.path(), &["projection", "list"])
            .status
            .success()
    );
    let db = Connection::open(directory.path().join("events.db")).unwrap();
    db.pragma_update(None, "user_version", 4_711).unwrap();
    drop(db);
    refused(directory.path(), "was written by a newer version");
}

#[test]
fn one_that_is_a_file_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "not a directory").unwrap();
    refused(&file, "not writable");
}

#[test]
fn a_damaged_log_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(
        directory.path().join("events.db"),
        "this is no database, and never was one",
    )
    .unwrap();
    refused(directory.path(), "damaged");
}

#[test]
fn an_unknown_read_model_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let output = run(directory.path(), &["projection", "rebuild", "nonsense"]);
    assert_eq!(output.status.code(), Some(3));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("nonsense") && stderr.contains("order_summary"),
        "{stderr}"
    );
}
