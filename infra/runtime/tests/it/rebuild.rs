//! Rebuilds: beside a live load, of rows that were tampered with, and offline.

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use orderlog_runtime::{
    projector::ProjectorError,
    read_model::ReadModel,
    rebuild::{RebuildOptions, RebuildPhase, RebuildProgress, fold},
};
use tokio_util::sync::CancellationToken;

use crate::{
    projector::{Running, reached},
    toy::{Sum, Toy, ToyLog, decode, projector, sums},
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

/// Many keys, in more pages than a pass reads ahead.
async fn many(toy: &ToyLog) -> u64 {
    let mut last = 0;
    for batch in 0..15 {
        let event = |n: i64| {
            let key = format!("key-{}", (batch * 1000 + n) * 7919 % 3001);
            match n % 13 {
                5 => (key, Toy::Tagged(format!("t{}", n % 4))),
                9 if n % 2 == 0 => (key, Toy::Removed),
                _ => (key, Toy::Added(n)),
            }
        };
        let events: Vec<_> = (0..1000).map(event).collect();
        last = toy.append_all(&events).await;
    }
    last
}

#[tokio::test(flavor = "multi_thread")]
async fn in_little_memory_the_log_is_read_in_several_passes_to_the_same_rows() {
    let toy = ToyLog::new();
    let last = many(&toy).await;
    let options = RebuildOptions {
        memory: 1,
        ..RebuildOptions::default()
    };
    let passes = AtomicU64::new(0);
    let count = |at| {
        passes.fetch_add(u64::from(at == last), Ordering::Relaxed);
    };
    let folded = fold(toy.log(), decode, &[sums()], last, &options, &count).await;
    let folded = folded.expect("folded");
    assert!(folded.passes > 5, "{folded:?}");
    assert_eq!(passes.load(Ordering::Relaxed), u64::from(folded.passes));
    assert_eq!((folded.events, folded.given_up.len()), (last, 0));

    // All at once, then in ranges: the second compares its rows with those of the first.
    let store = toy.read_store().await;
    let projector = projector(&toy, &store).await;
    let first = projector.rebuild_all(&|_| {}).await.expect("rebuilt");
    let names = projector.names();
    let second = projector.rebuild_these(&names, &options, &|_| {}).await;
    for (first, second) in first.iter().zip(second.expect("rebuilt")) {
        assert_eq!((first.events, second.events), (last, last));
        assert!(second.equal, "{second:?}");
        assert_eq!(first.rebuilt_hash, second.rebuilt_hash);
    }
    let running = Running::start(&projector, toy.fan_out());
    let last = toy.append("key-1", &Toy::Added(1)).await;
    reached(&store, last).await;
    running.stop().await.expect("a clean end");
    assert!(
        projector
            .rebuild("sums", &|_| {})
            .await
            .expect("rebuilt")
            .equal
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_that_was_cancelled_goes_on_with_what_is_missing() {
    let toy = ToyLog::new();
    let last = many(&toy).await;
    let store = toy.read_store().await;
    let projector = projector(&toy, &store).await;
    let expected = projector.rebuild("sums", &|_| {}).await.expect("rebuilt");
    let cancel = CancellationToken::new();
    let options = RebuildOptions {
        cancel: cancel.clone(),
        ..RebuildOptions::default()
    };
    let stop_loading = |now: RebuildProgress| {
        if now.phase == RebuildPhase::Loading {
            cancel.cancel();
        }
    };
    let cancelled = projector.rebuild_these(&["sums"], &options, &stop_loading);
    assert!(matches!(cancelled.await, Err(ProjectorError::Cancelled)));
    let definition = sums().definition();
    let left = store.unfinished(&definition).await.expect("an answer");
    let whole = left.expect("something is left").whole.count();
    assert!((1..64).contains(&whole), "{whole}");

    // What comes meanwhile is caught up.
    let running = Running::start(&projector, toy.fan_out());
    reached(&store, toy.append("key-1", &Toy::Added(1)).await).await;
    let report = projector.rebuild("sums", &|_| {}).await.expect("rebuilt");
    assert!(report.equal, "{report:?}");
    assert!((2..last).contains(&report.events), "{report:?}");
    assert_eq!(report.rows, expected.rows);
    running.stop().await.expect("a clean end");

    let restart = RebuildOptions {
        restart: true,
        ..RebuildOptions::default()
    };
    let anew = projector.rebuild_these(&["sums"], &restart, &|_| {}).await;
    assert_eq!(anew.expect("rebuilt")[0].events, last + 1);
}

#[tokio::test]
async fn what_was_swapped_out_is_swapped_back_where_the_live_rows_stand() {
    let toy = ToyLog::new();
    let store = toy.read_store().await;
    let projector = projector(&toy, &store).await;
    let options = RebuildOptions::default();
    let nothing = projector.roll_back("sums", &options, &|_| {}).await;
    assert!(matches!(nothing, Err(ProjectorError::NothingKept { .. })));
    let running = Running::start(&projector, toy.fan_out());
    reached(&store, toy.append("a", &Toy::Added(1)).await).await;
    projector.rebuild("sums", &|_| {}).await.expect("rebuilt");
    reached(&store, toy.append("a", &Toy::Added(2)).await).await;
    running.stop().await.expect("a clean end");
    // The new rows turn out to be wrong; the old ones are not.
    let file = rusqlite::Connection::open(toy.directory.path().join("read.db")).expect("open");
    let live = store
        .define(&sums().definition())
        .await
        .expect("defined")
        .live;
    let broken = format!("UPDATE sums_{} SET row = 'null'", live.generation);
    file.execute(&broken, []).expect("tampered");
    drop(file);

    let report = projector.roll_back("sums", &options, &|_| {}).await;
    let report = report.expect("rolled back");
    assert_eq!((report.equal, report.rows, report.events), (false, 1, 1));
    let rows: ReadModel<Sum> = ReadModel::new(Arc::clone(&store), "sums");
    assert_eq!(rows.get("a").await.expect("a row").expect("there").sum, 3);
    let kept = store.kept("sums").await.expect("an answer").expect("kept");
    assert_ne!(kept.target, live, "what is kept has a number of its own");
    let statuses = projector.projections().await.expect("a list");
    let sums = statuses.iter().find(|status| status.name == "sums");
    assert!(sums.expect("listed").kept.is_some());
}

#[tokio::test]
async fn a_rebuild_goes_no_faster_than_it_may() {
    let toy = ToyLog::new();
    let events: Vec<_> = (0..200).map(|n| (format!("k{n}"), Toy::Added(n))).collect();
    let last = toy.append_all(&events).await;
    let options = RebuildOptions {
        max_rate: NonZeroU32::new(1000),
        ..RebuildOptions::default()
    };
    let folded = fold(toy.log(), decode, &[sums()], last, &options, &|_| {}).await;
    assert!(folded.expect("folded").seconds >= 0.2);
}
