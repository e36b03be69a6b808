//! Connections that end in the middle of everything, as they do when the server is restarted.

use std::{sync::Arc, time::Duration};

use orderlog_runtime::{
    read_store::{CommitError, ReadError, ReadStore},
    source::Checkpoint,
};

use crate::{
    database::{Database, in_time},
    things::{batch, live, row, texts, write},
};

/// Batches that are written, one behind the other, at least.
const BATCHES: u64 = 50;
/// How often all connections are cut.
const CUTS: u32 = 40;

#[tokio::test]
async fn nothing_is_lost_or_written_twice_while_all_connections_are_cut_again_and_again() {
    let database = Arc::new(Database::migrated().await);
    let store = database.folder(1).await;
    let reader = database.reader(1).await;
    let target = live(&store).await;
    live(&reader).await;
    let cutting = tokio::spawn({
        let database = Arc::clone(&database);
        async move {
            let mut often = tokio::time::interval(Duration::from_millis(30));
            for _ in 0..CUTS {
                often.tick().await;
                database.cut_all().await;
            }
        }
    });

    let mut expected = Checkpoint::start_of(database.log_id);
    let mut failures = 0;
    while expected.position < BATCHES || !cutting.is_finished() {
        let position = expected.position + 1;
        // Each row counts on: a batch written twice, or left out, would show.
        let text = match store.load(&target, vec!["a".to_owned()]).await {
            Ok(rows) => rows.first().map_or(String::new(), |row| row.row.clone()),
            Err(ReadError::Unavailable { .. }) => continue,
            Err(error) => panic!("{error}"),
        };
        let rows = vec![row("a", &format!("{text}{position},"), position)];
        let written = in_time(write(&store, batch(&target, 0, expected, rows))).await;
        match written {
            Ok(()) | Err(CommitError::Fenced { .. }) => {}
            Err(CommitError::Store(ReadError::Unavailable { .. })) => failures += 1,
            Err(error) => panic!("{error}"),
        }
        expected = loop {
            if let Ok(standing) = store.standing(&target).await {
                break standing.at(0, database.log_id).checkpoint;
            }
        };
    }
    in_time(cutting).await.expect("no panic");
    assert!(failures > 0, "no commit was cut off");

    let last = expected.position;
    let all: String = (1..=last).map(|position| format!("{position},")).collect();
    assert_eq!(texts(&reader, &["a"]).await, [all]);
    let mut standing = reader.progress().watch("things");
    in_time(standing.wait_for(|now| now.position() == last))
        .await
        .expect("open");
}
