//! Rebuilds: beside a live load, of rows that were tampered with, and offline.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use orderlog_runtime::read_model::ReadModel;

use crate::{
    projector::{Running, reached},
    toy::{Sum, Toy, ToyLog, projector},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_beside_a_live_load_ends_equal() {
    let toy = Arc::new(ToyLog::new());
    let store = toy.read_store().await;
    let projector = projector(&toy, &store).await;
    let running = Running::start(&projector, toy.fan_out());
    let enough = Arc::new(AtomicBool::new(false));
    let load = tokio::spawn({
        let (toy, enough) = (Arc::clone(&toy), Arc::clone(&enough));
        async move {
            let mut last = 0;
            let mut n = 0;
            while !enough.load(Ordering::Relaxed) || n < 50 {
                let events: Vec<_> = (0..40)
                    .map(|m| (format!("k{}", (n * 7 + m) % 90), Toy::Added(m)))
                    .collect();
                last = toy.append_all(&events).await;
                n += 1;
            }
            last
        }
    });
    for _ in 0..3 {
        let reports = projector.rebuild_all(&|_| {}).await.expect("rebuilt");
        for report in &reports {
            assert!(report.equal, "{report:?}");
            assert_eq!(report.live_hash.as_ref(), Some(&report.rebuilt_hash));
        }
    }
    enough.store(true, Ordering::Relaxed);
    let last = load.await.expect("no panic");
    reached(&store, last).await;
    let reports = projector.rebuild_all(&|_| {}).await.expect("rebuilt");
    assert!(
        reports
            .iter()
            .all(|report| report.equal && report.events == last),
        "{reports:?}"
    );
    running.stop().await.expect("a clean end");
}

#[tokio::test]
async fn a_row_that_was_tampered_with_is_named_and_mended() {
    let toy = ToyLog::new();
    let store = toy.read_store().await;
    let projector = projector(&toy, &store).await;
    let running = Running::start(&projector, toy.fan_out());
    let events: Vec<_> = (0..30)
        .map(|n| (format!("k{n:02}"), Toy::Added(n)))
        .collect();
    let last = toy.append_all(&events).await;
    reached(&store, last).await;
    running.stop().await.expect("a clean end");
    let file = rusqlite::Connection::open(toy.directory.path().join("read.db")).expect("open");
    file.execute(
        "UPDATE sums_1 SET row = '{\"sum\":9,\"events\":1,\"tags\":[]}' WHERE key = 'k07'",
        [],
    )
    .expect("tampered");
    file.execute("DELETE FROM sums_1 WHERE key = 'k09'", [])
        .expect("tampered");
    drop(file);

    let report = projector.rebuild("sums", &|_| {}).await.expect("rebuilt");
    assert!(!report.equal);
    assert_eq!(
        (report.rows, report.live_rows, report.events),
        (30, Some(29), 30)
    );
    let keys: Vec<_> = report
        .differences
        .iter()
        .map(|one| one.key.as_str())
        .collect();
    assert_eq!(keys, ["k07", "k09"]);
    assert_eq!(report.differences[1].live, None);
    let sums: ReadModel<Sum> = ReadModel::new(Arc::clone(&store), "sums");
    assert_eq!(sums.get("k07").await.expect("a row").expect("there").sum, 7);
    assert!(
        projector
            .rebuild("sums", &|_| {})
            .await
            .expect("rebuilt")
            .equal
    );
}

#[tokio::test]
async fn a_rebuild_of_a_paused_projection_stays_at_its_position() {
    let toy = ToyLog::new();
    let store = toy.read_store().await;
    let projector = projector(&toy, &store).await;
    let running = Running::start(&projector, toy.fan_out());
    let paused_at = toy.append("a", &Toy::Added(1)).await;
    reached(&store, paused_at).await;
    projector.pause("sums").await.expect("paused");
    toy.append("a", &Toy::Added(1)).await;
    let report = projector.rebuild("sums", &|_| {}).await.expect("rebuilt");
    assert!(report.equal);
    assert_eq!(report.events, paused_at);
    let status = projector.projections().await.expect("a list");
    let sums = status
        .iter()
        .find(|status| status.name == "sums")
        .expect("listed");
    assert_eq!((sums.position, sums.lag), (paused_at, 1));
    running.stop().await.expect("a clean end");
}

#[tokio::test]
async fn parked_events_are_the_same_in_live_and_rebuilt_rows() {
    let toy = ToyLog::new();
    let store = toy.read_store().await;
    let projector = projector(&toy, &store).await;
    let running = Running::start(&projector, toy.fan_out());
    let events = [
        Toy::Added(1),
        Toy::Broken,
        Toy::Added(2),
        Toy::Tagged("x".into()),
    ];
    let last = toy
        .append_all(&events.map(|event| ("a".to_owned(), event)))
        .await;
    reached(&store, last).await;
    let before = store.parked("sums", 0, 10).await.expect("a list");
    let report = projector.rebuild("sums", &|_| {}).await.expect("rebuilt");
    assert!(report.equal);
    assert_eq!(store.parked("sums", 0, 10).await.expect("a list"), before);
    running.stop().await.expect("a clean end");
}

#[tokio::test]
async fn a_rebuild_that_is_given_up_halfway_harms_nothing() {
    let toy = ToyLog::new();
    let store = toy.read_store().await;
    let projector = projector(&toy, &store).await;
    let running = Running::start(&projector, toy.fan_out());
    let events: Vec<_> = (0..30)
        .map(|n| (format!("k{n:02}"), Toy::Added(n)))
        .collect();
    let mut last = toy.append_all(&events).await;
    for polls in 1..40 {
        reached(&store, last).await;
        let nothing = |_| {};
        let rebuild = projector.rebuild("sums", &nothing);
        let mut left = polls;
        let given_up = std::future::poll_fn(|_| {
            left -= 1;
            if left == 0 {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        });
        tokio::select! {
            biased;
            () = given_up => {}
            report = rebuild => assert!(report.expect("rebuilt").equal),
        }
        last = toy.append("k07", &Toy::Added(1)).await;
    }
    reached(&store, last).await;
    assert!(
        projector
            .rebuild("sums", &|_| {})
            .await
            .expect("rebuilt")
            .equal
    );
    running.stop().await.expect("a clean end");
}
