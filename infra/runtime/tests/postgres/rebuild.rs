//! The same projections, unchanged, fold the log into this engine, live and anew.

use std::sync::Arc;

use orderlog_log::event_reader::EventReader;
use orderlog_runtime::{
    postgres::PgLiveRows,
    projection::erase,
    projector::Projector,
    read_model::ReadModel,
    read_store::{LiveRows, ReadStore},
    rebuild::{Comparing, RebuildOptions},
    sqlite::{SqliteLiveRows, SqliteReadStore},
};
use tokio_util::sync::CancellationToken;

use crate::{
    database::{Database, in_time},
    toy::{Slices, Sum, Toy, ToyLog, decode, projector, sums},
};

async fn fold_all(projector: &Projector<Toy>, toy: &ToyLog, store: &dyn ReadStore) {
    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let (projector, stop, fan_out) = (projector.clone(), stop.clone(), toy.fan_out());
        async move { projector.run(fan_out, stop).await }
    });
    let head = toy.store.head().await.expect("a head").position;
    for name in ["sums", "slices"] {
        let mut watch = store.progress().watch(name);
        in_time(watch.wait_for(|now| now.position() >= head))
            .await
            .expect("open");
    }
    stop.cancel();
    in_time(running)
        .await
        .expect("no panic")
        .expect("a clean end");
}

async fn compare(toy: &ToyLog, live: &dyn LiveRows) {
    let (projections, options) = ([sums(), erase(Slices)], RebuildOptions::default());
    let comparing = Comparing {
        log: toy.log() as _,
        live,
        decode,
        projections: &projections,
        options: &options,
        progress: &|_, _| {},
    };
    let reports = comparing.run(&[]).await.expect("compared");
    for report in &reports {
        assert!(report.equal && report.live_rows > 0, "{report:?}");
    }
    assert_eq!(reports.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn live_rows_and_rebuilt_rows_are_those_of_the_other_engine() {
    let toy = ToyLog::new();
    let log_id = toy.store.head().await.expect("a head").log_id;
    let database = Database::migrated().await.of_log(log_id);
    let mut events = Vec::new();
    for number in 0..7_000_i64 {
        let key = format!("Key-{}", number * 7919 % 1013);
        events.push((
            key,
            match number % 11 {
                3 => Toy::Tagged(format!("tag \"{}\"\n", number % 5)),
                7 if number % 3 == 0 => Toy::Removed,
                _ => Toy::Added(number),
            },
        ));
    }
    toy.append_all(&events).await;

    let sqlite: Arc<dyn ReadStore> =
        Arc::new(SqliteReadStore::open(toy.directory.path(), log_id).expect("a store"));
    let postgres: Arc<dyn ReadStore> = Arc::new(database.folder(1).await);
    let live: [Box<dyn LiveRows>; 2] = [
        Box::new(SqliteLiveRows::of(toy.directory.path())),
        Box::new(PgLiveRows::of(database.pool())),
    ];
    let mut hashes = Vec::new();
    for (store, live) in [&sqlite, &postgres].into_iter().zip(&live) {
        let projector = projector(&toy, store).await;
        fold_all(&projector, &toy, store.as_ref()).await;
        compare(&toy, live.as_ref()).await;
        for report in projector.rebuild_all(&|_| {}).await.expect("rebuilt") {
            assert!(report.equal, "{report:?}");
            hashes.push((report.projection, report.rows, report.rebuilt_hash));
        }
    }
    let (of_sqlite, of_postgres) = hashes.split_at(hashes.len() / 2);
    assert_eq!(of_sqlite, of_postgres);
    assert_eq!(of_postgres.len(), 2);

    let sums: ReadModel<Sum> = ReadModel::new(postgres, "sums");
    assert!(sums.get("Key-1").await.expect("a row").is_some());
}
