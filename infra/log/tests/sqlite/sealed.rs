//! Seals over the log in a file: what every engine must show, and a file whose bytes were changed.

use std::{fs, path::Path, sync::Arc};

use async_trait::async_trait;
use orderlog_log::{
    seal::{Flaw, SealedLog, verify::verify},
    sqlite::SqliteLogReader,
};
use rusqlite::Connection;

use crate::{
    open_sqlite,
    seals::{Ground, Hands, all, sealed_log_contract},
};

sealed_log_contract!(super::open);

async fn open() -> Ground {
    let (store, directory) = open_sqlite();
    let file = Connection::open(directory.path().join("events.db")).expect("the file");
    file.busy_timeout(std::time::Duration::from_secs(60))
        .expect("set");
    Ground {
        events: Arc::new(store.clone()),
        seals: Arc::new(store),
        hands: Box::new(File(parking_lot::Mutex::new(file))),
        directory,
    }
}

/// Another connection to the file.
struct File(parking_lot::Mutex<Connection>);

#[async_trait]
impl Hands for File {
    async fn run(&self, sql: &str) {
        let file = self.0.lock();
        file.execute_batch(sql)
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    async fn unlock(&self) {
        self.run("DROP TRIGGER seals_are_not_changed; DROP TRIGGER seals_are_not_removed;")
            .await;
    }

    async fn restore_names(&self) {
        self.run("UPDATE streams SET name = 'thing-seventeen' WHERE name = 'thing-18'")
            .await;
    }

    fn changes(&self) -> Vec<&'static str> {
        vec![
            "UPDATE events SET data = replace(data, 'number', 'numbes') WHERE position = 17",
            "UPDATE events SET data = data || ' ' WHERE position = 17",
            "UPDATE events SET data = CAST(x'ff' AS TEXT) WHERE position = 17",
            "UPDATE events SET event_id = command_id WHERE position = 17",
            "UPDATE events SET version = 2 WHERE position = 17",
            "UPDATE events SET type = 'Closed' WHERE position = 17",
            "UPDATE events SET schema_version = 3 WHERE position = 17",
            "UPDATE events SET partition_key = NULL WHERE position = 17",
            "UPDATE events SET command_id = event_id WHERE position = 17",
            "UPDATE events SET correlation_id = NULL WHERE position = 17",
            "UPDATE events SET causation_id = NULL WHERE position = 17",
            "UPDATE events SET actor = 'somebody' WHERE position = 17",
            "UPDATE events SET traceparent = NULL WHERE position = 17",
            "UPDATE events SET occurred_at = occurred_at + 1 WHERE position = 17",
            "UPDATE events SET recorded_at = recorded_at - 1 WHERE position = 17",
            "UPDATE streams SET name = 'thing-18' WHERE name = 'thing-seventeen'",
        ]
    }

    fn insertion(&self) -> &'static str {
        "INSERT INTO events SELECT 12, randomblob(16), stream, version + 50, type, schema_version,
             partition_key, command_id, correlation_id, causation_id, actor, traceparent, occurred_at,
             recorded_at, data FROM events WHERE position = 11"
    }

    fn wrong_version(&self) -> &'static str {
        "UPDATE events SET version = 99 WHERE position = 28"
    }
}

/// A log of the same ground, closed.
async fn closed() -> tempfile::TempDir {
    let ground = open().await;
    ground.sealed().await;
    let Ground { directory, .. } = ground;
    directory
}

async fn finding(directory: &Path) -> Option<(u64, Flaw)> {
    let reader: Arc<dyn SealedLog> = Arc::new(SqliteLogReader::open(directory).expect("a log"));
    let report = verify(reader, &all(), |_, _| {}).await.expect("verified");
    report.finding.map(|it| (it.position, it.flaw))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_that_was_flipped_in_the_file_is_named() {
    let directory = closed().await;
    assert_eq!(finding(directory.path()).await, None);
    let path = directory.path().join("events.db");
    let whole = fs::read(&path).expect("the file");
    let event = {
        let file = Connection::open(&path).expect("the file");
        let sql = "SELECT event_id FROM events WHERE position = 14";
        file.query_row(sql, [], |row| row.get::<_, [u8; 16]>(0))
            .expect("an event")
    };
    // The row, and what is left of it on pages where it no longer stands, which is nobody's concern.
    let copies: Vec<_> = (0..whole.len() - 16)
        .filter(|place| whole[*place..].starts_with(&event))
        .collect();
    let mut rows = 0;
    for id in copies {
        if found_with_flipped(directory.path(), &whole, id)
            .await
            .is_none()
        {
            continue;
        }
        rows += 1;
        let behind = &whole[id..];
        let payload = id
            + behind
                .windows(9)
                .position(|it| it == b"{\"number\"")
                .expect("data");
        for byte in (id..id + 16).chain(payload..payload + 9) {
            let found = found_with_flipped(directory.path(), &whole, byte).await;
            assert_eq!(found, Some((14, Flaw::Changed)), "byte {}", byte - id);
        }
    }
    assert_eq!(rows, 1);
    fs::write(&path, &whole).expect("written");
    assert_eq!(finding(directory.path()).await, None);
}

/// The finding where this byte of the file is another.
async fn found_with_flipped(directory: &Path, whole: &[u8], byte: usize) -> Option<(u64, Flaw)> {
    let mut flipped = whole.to_vec();
    flipped[byte] ^= 0b0000_0100;
    fs::write(directory.join("events.db"), flipped).expect("written");
    finding(directory).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_read_beside_its_writer_is_verified() {
    let ground = open().await;
    ground.sealed().await;
    assert_eq!(finding(ground.directory.path()).await, None);
    ground
        .hands
        .run("UPDATE events SET actor = 'somebody' WHERE position = 9")
        .await;
    assert_eq!(
        finding(ground.directory.path()).await,
        Some((9, Flaw::Changed))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_nobody_sealed_has_no_seals() {
    let directory = closed().await;
    let file = Connection::open(directory.path().join("events.db")).expect("the file");
    file.execute_batch("DROP TABLE seals").expect("dropped");
    drop(file);
    let reader: Arc<dyn SealedLog> =
        Arc::new(SqliteLogReader::open(directory.path()).expect("a log"));
    let report = verify(reader, &all(), |_, _| {}).await.expect("verified");
    assert_eq!((report.finding, report.seals, report.events), (None, 0, 29));
}
