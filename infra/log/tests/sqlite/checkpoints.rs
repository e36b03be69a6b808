//! The journal of a file that is written without end: it is used anew again and again, waits for whoever
//! reads what was, and loses nothing.

use std::{
    fs,
    path::{Path, PathBuf},
};

use orderlog_log::sqlite::{Checkpoints, Pace};
use rusqlite::Connection;
use tempfile::TempDir;

const PACE: Pace = Pace {
    start_at: 16,
    limit: 64,
    look_every: 1,
};
/// The header of a journal.
const HEADER: u64 = 32;
/// A page with the header of its frame.
const FRAME: u64 = 4096 + 24;
/// More frames than a commit of these tests has.
const COMMIT: u64 = 16;

struct Written {
    path: PathBuf,
    writer: Connection,
    checkpoints: Checkpoints,
    _directory: TempDir,
}

impl Written {
    fn begin() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("file.db");
        let writer = Connection::open(&path).expect("a new file");
        writer
            .execute_batch(
                "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; \
                 PRAGMA wal_autocheckpoint = 0; CREATE TABLE rows (data BLOB)",
            )
            .expect("a table");
        let checkpoints = Checkpoints::start(&path, PACE).expect("a thread");
        Self {
            path,
            writer,
            checkpoints,
            _directory: directory,
        }
    }

    fn write(&mut self, commits: usize) {
        for _ in 0..commits {
            let insert = "INSERT INTO rows VALUES (randomblob(8000))";
            self.writer.execute(insert, []).expect("a row");
            self.checkpoints.after_commit(&self.writer);
        }
    }

    fn journal(&self) -> u64 {
        let journal = fs::metadata(self.path.with_extension("db-wal"));
        journal.expect("a journal").len()
    }
}

fn rows(connection: &Connection) -> i64 {
    let count = connection.query_row("SELECT count(*) FROM rows", [], |row| row.get(0));
    count.expect("a number")
}

fn open(path: &Path) -> Connection {
    Connection::open(path).expect("the file")
}

#[test]
fn a_journal_is_used_anew_however_much_is_written() {
    let mut file = Written::begin();
    file.write(500);
    let bound = u64::try_from(PACE.limit).expect("small") + COMMIT;
    assert!(file.journal() <= HEADER + bound * FRAME);
    file.checkpoints.finish(&file.writer, true);
    assert_eq!(file.journal(), 0);
    assert_eq!(rows(&open(&file.path)), 500);
}

#[test]
fn who_reads_what_was_holds_the_journal_back_and_nothing_is_lost() {
    let mut file = Written::begin();
    file.write(1);
    let reader = open(&file.path);
    reader.execute_batch("BEGIN").expect("a snapshot");
    assert_eq!(rows(&reader), 1);
    file.write(200);
    assert_eq!(rows(&reader), 1);
    let grown = file.journal();
    assert!(grown > HEADER + 400 * FRAME, "{grown}");

    reader.execute_batch("COMMIT").expect("the end of it");
    file.write(200);
    // Its room is used again, once what the reader held back is copied.
    assert!(file.journal() <= grown + COMMIT * FRAME);
    assert_eq!(rows(&reader), 401);
    file.checkpoints.finish(&file.writer, true);
    assert_eq!(rows(&open(&file.path)), 401);
}
