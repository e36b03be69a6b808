//! Two stores on one database, as two processes have them.

use std::sync::Arc;

use orderlog_runtime::{
    dead_letter::ParkedEvent,
    postgres::PgReadStore,
    read_store::{Activity, Changed, CommitError, ReadStore, Standing},
    source::{Checkpoint, partition_of},
};
use uuid::Uuid;

use crate::{
    database::{Database, in_time},
    things::{at, batch, live, live_checkpoints, row, texts, things, write},
};

const PARTITIONS: u32 = 12;

async fn standing(store: &PgReadStore, settled: impl FnMut(&Standing) -> bool) -> Standing {
    let mut watch = store.progress().watch("things");
    in_time(watch.wait_for(settled))
        .await
        .expect("open")
        .clone()
}

#[tokio::test]
async fn a_commit_from_a_stale_checkpoint_of_another_process_is_fenced() {
    let database = Database::migrated().await;
    let (one, other) = (
        database.folder(PARTITIONS).await,
        database.folder(PARTITIONS).await,
    );
    let target = live(&one).await;
    assert_eq!(live(&other).await, target);
    let start = Checkpoint::start_of(database.log_id);
    write(&one, batch(&target, 3, start, vec![row("a", "1", 1)]))
        .await
        .expect("written");
    let stale = batch(&target, 3, start, vec![row("a", "2", 2)]);
    let fenced = CommitError::Fenced {
        projection: "things".to_owned(),
    };
    assert_eq!(write(&other, stale).await, Err(fenced));
    assert_eq!(texts(&other, &["a"]).await, ["1"]);

    let elsewhere = batch(&target, 4, start, vec![row("b", "3", 3)]);
    write(&other, elsewhere).await.expect("another partition");
    let next = at(&other, &target, 3, database.log_id).await.checkpoint;
    let next = batch(&target, 3, next, vec![row("a", "4", 4)]);
    write(&other, next).await.expect("from where it stands");
    assert_eq!(texts(&one, &["a", "b"]).await, ["4", "3"]);
}

#[tokio::test]
async fn a_notification_tells_which_row_has_changed_and_how_far_it_has_come() {
    let database = Database::migrated().await;
    let (writer, reader) = (
        database.folder(PARTITIONS).await,
        database.reader(PARTITIONS).await,
    );
    let target = live(&writer).await;
    live(&reader).await;
    standing(&reader, |now| !now.positions.is_empty()).await;
    let mut changes = reader.changes().subscribe("things", "a");
    let mut checkpoint = Checkpoint::start_of(database.log_id);
    for position in 1..=20 {
        let rows = vec![row("a", "1", position), row("b", "2", position)];
        let commit = batch(&target, 5, checkpoint, rows);
        checkpoint = commit.checkpoint;
        write(&writer, commit).await.expect("written");
        // The poll would say that the row is to be read again, never which event changed it.
        let told = in_time(changes.next()).await;
        assert_eq!(told, Some(Changed::At(position)));
        assert_eq!(reader.progress().of("things").positions[5], position);
    }
}

#[tokio::test]
async fn so_many_rows_that_no_notification_takes_them_are_read_again() {
    let database = Database::migrated().await;
    let (writer, reader) = (database.folder(1).await, database.reader(1).await);
    let target = live(&writer).await;
    standing(&reader, |now| !now.positions.is_empty()).await;
    let mut changes = reader.changes().subscribe("things", "key-7");
    let rows = (0..2000).map(|number| row(&format!("key-{number}"), "1", 9));
    let start = Checkpoint::start_of(database.log_id);
    write(&writer, batch(&target, 0, start, rows.collect()))
        .await
        .expect("written");
    assert_eq!(in_time(changes.next()).await, Some(Changed::ReadAgain));
    standing(&reader, |now| now.position() == 9).await;
}

#[tokio::test]
async fn what_no_notification_tells_is_found_by_reading_again() {
    let database = Database::migrated().await;
    let (writer, reader) = (
        database.folder(PARTITIONS).await,
        database.reader(PARTITIONS).await,
    );
    live(&writer).await;
    standing(&reader, |now| !now.positions.is_empty()).await;
    let mut changes = reader.changes().subscribe("things", "a");
    // As a commit leaves it whose notification was lost.
    sqlx::query("UPDATE read_models.checkpoints SET position = 44 WHERE partition = 8")
        .execute(&database.pool())
        .await
        .expect("moved");
    standing(&reader, |now| now.positions[8] == 44).await;
    assert_eq!(in_time(changes.next()).await, Some(Changed::ReadAgain));
}

#[tokio::test]
async fn a_listener_that_is_cut_off_listens_anew() {
    let database = Database::migrated().await;
    let (writer, reader) = (database.folder(1).await, database.reader(1).await);
    let target = live(&writer).await;
    standing(&reader, |now| !now.positions.is_empty()).await;
    let mut changes = reader.changes().subscribe("things", "a");
    let pool = database.pool();
    let mut checkpoint = Checkpoint::start_of(database.log_id);
    for position in [10, 20, 30] {
        database.cut_listeners(&pool).await;
        let commit = batch(&target, 0, checkpoint, vec![row("a", "1", position)]);
        checkpoint = commit.checkpoint;
        write(&writer, commit).await.expect("written");
        standing(&reader, |now| now.position() == position).await;
        assert!(in_time(changes.next()).await.is_some());
    }
    // Heard, and not only read again, once it listens.
    loop {
        let position = checkpoint.position + 1;
        let commit = batch(&target, 0, checkpoint, vec![row("a", "1", position)]);
        checkpoint = commit.checkpoint;
        write(&writer, commit).await.expect("written");
        let told = loop {
            match in_time(changes.next()).await {
                Some(Changed::At(earlier)) if earlier < position => {}
                told => break told,
            }
        };
        if told == Some(Changed::At(position)) {
            return;
        }
    }
}

#[tokio::test]
async fn what_is_parked_is_known_before_its_position_is_passed() {
    let database = Database::migrated().await;
    let (writer, reader) = (
        database.folder(PARTITIONS).await,
        database.reader(PARTITIONS).await,
    );
    let target = live(&writer).await;
    standing(&reader, |now| !now.positions.is_empty()).await;
    let partition = partition_of("a", PARTITIONS);
    let parked = ParkedEvent {
        partition_key: "a".to_owned(),
        position: 6,
        event_id: Uuid::now_v7(),
        event_type: "Toy".to_owned(),
        reason: "broken\0".to_owned(),
    };
    let mut commit = batch(
        &target,
        partition,
        Checkpoint::start_of(database.log_id),
        vec![],
    );
    commit.checkpoint.position = 7;
    commit.parked.push(parked);
    write(&writer, commit).await.expect("written");
    let passed = standing(&reader, |now| now.position_of("a") == 7).await;
    assert_eq!(passed.parked.get("a"), Some(&6));
    let listed = reader.parked("things", 0, 10).await.expect("a list");
    assert_eq!(listed[0].reason, "broken\u{fffd}");
}

#[tokio::test]
async fn what_a_projector_does_is_known_elsewhere_while_it_lives() {
    let database = Database::migrated().await;
    let (writer, reader) = (database.folder(2).await, database.reader(2).await);
    live(&writer).await;
    let is = |activity| move |now: &Standing| now.activity == activity;
    standing(&reader, is(Activity::Stopped)).await;
    writer
        .progress()
        .publish("things", |now| now.activity = Activity::Running);
    standing(&reader, is(Activity::Running)).await;
    writer.progress().publish("things", |now| {
        now.halted = Arc::new([1].into());
    });
    standing(&reader, |now| now.halted.contains(&1)).await;
    writer.progress().publish("things", |now| {
        now.halted = Arc::default();
        now.activity = Activity::Rebuilding;
    });
    standing(&reader, is(Activity::Rebuilding)).await;
    writer.set_paused("things", true).await.expect("paused");
    writer
        .progress()
        .publish("things", |now| now.activity = Activity::Paused);
    standing(&reader, is(Activity::Paused)).await;
    writer.set_paused("things", false).await.expect("resumed");
    writer
        .progress()
        .publish("things", |now| now.activity = Activity::Running);
    standing(&reader, |now| {
        now.activity == Activity::Running && now.halted.is_empty()
    })
    .await;
    drop(writer);
    standing(&reader, is(Activity::Stopped)).await;
}

#[tokio::test]
async fn who_holds_a_projection_keeps_others_from_committing_and_can_swap_it() {
    let database = Database::migrated().await;
    let (one, other) = (database.folder(1).await, database.folder(1).await);
    let target = live(&one).await;
    live(&other).await;
    let pool = database.pool();
    let start = Checkpoint::start_of(database.log_id);
    let hold = in_time(one.hold("things")).await.expect("held");
    let commit = batch(&target, 0, start, vec![row("a", "late", 1)]);
    let late = tokio::spawn(async move { write(&other, commit).await });
    database.somebody_waits(&pool).await;
    assert_eq!(live_checkpoints(&one).await[&0], start);

    let staged = one.stage(&things()).await.expect("staged");
    let built = batch(&staged, 0, start, vec![row("a", "built", 1)]);
    write(&one, built).await.expect("written beside");
    let expected = live_checkpoints(&one).await;
    one.adopt(&things(), &staged, &expected)
        .await
        .expect("adopted");
    drop(hold);
    let late = in_time(late).await.expect("no panic");
    assert!(matches!(late, Err(CommitError::Fenced { .. })), "{late:?}");
    assert_eq!(texts(&one, &["a"]).await, ["built"]);
}

#[tokio::test]
async fn a_commit_goes_on_once_nobody_holds_its_projection() {
    let database = Database::migrated().await;
    let (one, other) = (database.folder(1).await, database.folder(1).await);
    let target = live(&one).await;
    live(&other).await;
    let hold = in_time(one.hold("things")).await.expect("held");
    let start = Checkpoint::start_of(database.log_id);
    let commit = batch(&target, 0, start, vec![row("a", "1", 1)]);
    let waiting = tokio::spawn(async move { write(&other, commit).await });
    database.somebody_waits(&database.pool()).await;
    drop(hold);
    in_time(waiting).await.expect("no panic").expect("written");
    assert_eq!(texts(&one, &["a"]).await, ["1"]);
}

#[tokio::test]
async fn one_process_at_a_time_rebuilds_a_projection() {
    let database = Database::migrated().await;
    let (one, other) = (database.folder(1).await, database.folder(1).await);
    let claim = one
        .claim("things")
        .await
        .expect("an answer")
        .expect("claimed");
    assert!(other.claim("things").await.expect("an answer").is_none());
    assert!(other.claim("others").await.expect("an answer").is_some());
    drop(claim);
    let mut claims = vec![other.claim("things").await.expect("an answer")];
    // Many more than there are connections to write with.
    for number in 0..20 {
        let claimed = in_time(other.claim(&format!("thing_{number}"))).await;
        claims.push(claimed.expect("an answer"));
    }
    assert!(claims.iter().all(Option::is_some));
    live(&other).await;
}

#[tokio::test]
async fn rows_that_another_process_has_swapped_are_read() {
    let database = Database::migrated().await;
    let (one, reader) = (database.folder(1).await, database.reader(1).await);
    let target = live(&one).await;
    live(&reader).await;
    let start = Checkpoint::start_of(database.log_id);
    write(&one, batch(&target, 0, start, vec![row("a", "old", 1)]))
        .await
        .expect("written");
    assert_eq!(texts(&reader, &["a"]).await, ["old"]);
    standing(&reader, |now| now.position() == 1).await;
    let mut changes = reader.changes().subscribe("things", "a");

    let staged = one.stage(&things()).await.expect("staged");
    write(&one, batch(&staged, 0, start, vec![row("a", "new", 1)]))
        .await
        .expect("written");
    let expected = live_checkpoints(&one).await;
    one.adopt(&things(), &staged, &expected)
        .await
        .expect("adopted");
    assert_eq!(texts(&reader, &["a"]).await, ["new"]);
    assert_eq!(in_time(changes.next()).await, Some(Changed::ReadAgain));
}

#[tokio::test]
async fn rows_are_swapped_once_nobody_reads_the_old_ones_any_more() {
    let database = Database::migrated().await;
    let store = database.folder(1).await;
    live(&store).await;
    let staged = store.stage(&things()).await.expect("staged");
    let expected = live_checkpoints(&store).await;
    let pool = database.pool();
    let mut reading = pool.begin().await.expect("a transaction");
    sqlx::query("SELECT FROM read_models.things_1")
        .execute(&mut *reading)
        .await
        .expect("read");
    let swapping = store.clone();
    let adopted = tokio::spawn(async move { swapping.adopt(&things(), &staged, &expected).await });
    database.somebody_waits(&pool).await;
    reading.rollback().await.expect("read");
    in_time(adopted).await.expect("no panic").expect("adopted");
    assert_eq!(live(&store).await.generation, 2);
}

#[tokio::test]
async fn many_who_define_a_projection_at_once_define_the_same() {
    let database = Database::migrated().await;
    let stores = [
        database.folder(3).await,
        database.folder(3).await,
        database.folder(3).await,
    ];
    let defined = stores.iter().map(|store| live(store));
    let defined = in_time(futures::future::join_all(defined)).await;
    assert!(
        defined.iter().all(|target| target.generation == 1),
        "{defined:?}"
    );
}
