//! Live rows against a fold of the log, beside whoever keeps them up to date.

use orderlog_runtime::{
    projection::{ErasedProjection, erase},
    projector::ProjectorError,
    rebuild::{CompareReport, Comparing, RebuildOptions},
    sqlite::SqliteLiveRows,
};

use crate::{
    projector::{Running, reached},
    toy::{Slices, Sums, Toy, ToyLog, decode, projector, sums},
};

async fn compare_with(
    toy: &ToyLog,
    projections: &[Box<dyn ErasedProjection<Toy>>],
    names: &[&str],
) -> Result<Vec<CompareReport>, ProjectorError> {
    let live = SqliteLiveRows::of(toy.directory.path());
    let options = RebuildOptions::default();
    let comparing = Comparing {
        log: toy.log() as _,
        live: &live,
        decode,
        projections,
        options: &options,
        progress: &|_, _| {},
    };
    comparing.run(names).await
}

async fn compare(toy: &ToyLog) -> Vec<CompareReport> {
    let compared = compare_with(toy, &[sums(), erase(Slices)], &[]).await;
    compared.expect("compared")
}

/// A thousand events of a hundred keys; answers the last position.
async fn history(toy: &ToyLog) -> u64 {
    let event = |number: i64| {
        let toy = match number % 7 {
            3 => Toy::Tagged(format!("tag {}", number % 5)),
            5 if number % 3 == 0 => Toy::Removed,
            _ => Toy::Added(number),
        };
        (format!("key-{}", number * 37 % 101), toy)
    };
    let events: Vec<_> = (0..1_000).map(event).collect();
    toy.append_all(&events).await
}

/// Changes one row of `read.db` behind everybody's back.
fn tamper(toy: &ToyLog, sql: &str) {
    let file = rusqlite::Connection::open(toy.directory.path().join("read.db")).expect("a file");
    file.busy_timeout(std::time::Duration::from_secs(5))
        .expect("a time-out");
    assert_eq!(file.execute(sql, []).expect("a change"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn live_rows_are_what_the_log_says_up_to_where_they_stand() {
    let toy = ToyLog::new();
    let store = toy.partitioned_read_store(1).await;
    let running = Running::start(&projector(&toy, &store).await, toy.fan_out());
    let last = history(&toy).await;
    reached(&store, last).await;
    // Appended while the rows are looked at, and perhaps folded into them, perhaps not.
    let appending = async {
        for number in 0..50 {
            toy.append("key-1", &Toy::Added(number)).await;
        }
    };
    let (reports, ()) = tokio::join!(compare(&toy), appending);
    assert_eq!(reports.len(), 2);
    for report in &reports {
        assert!(report.equal && report.not_compared.is_none(), "{report:?}");
        assert!(report.positions[0] >= last, "{report:?}");
        assert_eq!(report.live_rows, report.folded_rows);
        assert!(report.live_rows > 0);
    }
    running.stop().await.expect("a clean end");

    // Behind the log, what is compared is what they had reached.
    toy.append("key-1", &Toy::Added(1)).await;
    assert!(compare(&toy).await.iter().all(|report| report.equal));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_differ_are_listed_and_left_as_they_are() {
    let toy = ToyLog::new();
    let store = toy.read_store().await;
    let running = Running::start(&projector(&toy, &store).await, toy.fan_out());
    let last = history(&toy).await;
    reached(&store, last).await;
    running.stop().await.expect("a clean end");
    let changed =
        "UPDATE sums_1 SET row = '{\"sum\":1,\"events\":2,\"tags\":[]}' WHERE key = 'key-7'";
    tamper(&toy, changed);
    for _ in 0..2 {
        let reports = compare(&toy).await;
        let [sums, slices] = reports.as_slice() else {
            panic!("{reports:?}");
        };
        assert!(slices.equal && !sums.equal, "{reports:?}");
        assert_eq!(sums.live_rows, sums.folded_rows);
        let [difference] = sums.differences.as_slice() else {
            panic!("{sums:?}");
        };
        assert_eq!(difference.key, "key-7");
        let live = difference.live.as_deref();
        assert_eq!(live, Some("{\"sum\":1,\"events\":2,\"tags\":[]}"));
        assert!(difference.rebuilt.is_some() && difference.rebuilt.as_deref() != live);
    }
    tamper(&toy, "DELETE FROM sums_1 WHERE key = 'key-7'");
    let reports = compare(&toy).await;
    let difference = &reports[0].differences[0];
    assert_eq!(
        (difference.key.as_str(), &difference.live),
        ("key-7", &None)
    );
    assert_eq!(reports[0].live_rows + 1, reports[0].folded_rows);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_compared_is_said() {
    let toy = ToyLog::new();
    let store = toy.read_store().await;
    let running = Running::start(&projector(&toy, &store).await, toy.fan_out());
    toy.append("a", &Toy::Added(1)).await;
    let last = toy.append("a", &Toy::Broken).await;
    reached(&store, last).await;
    running.stop().await.expect("a clean end");
    let why = |report: &CompareReport| report.not_compared.clone().unwrap_or_default();

    let reports = compare(&toy).await;
    assert!(!reports[0].equal && reports[0].parked == 1, "{reports:?}");
    assert!(why(&reports[0]).contains("broken"), "{reports:?}");
    assert!(reports[1].equal, "{reports:?}");

    let newer = erase(Sums {
        version: "2",
        broken_folds: true,
    });
    let reports = compare_with(&toy, &[newer], &["sums"]).await;
    let reports = reports.expect("compared");
    assert!(why(&reports[0]).contains("another version"), "{reports:?}");

    let unknown = compare_with(&toy, &[sums()], &["nothing"]).await;
    assert!(matches!(
        unknown,
        Err(ProjectorError::UnknownProjection { .. })
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_with_a_gap_ends_a_rebuild_and_a_comparison() {
    let toy = ToyLog::new();
    let store = toy.read_store().await;
    let projector = projector(&toy, &store).await;
    let running = Running::start(&projector, toy.fan_out());
    let last = history(&toy).await;
    reached(&store, last).await;
    running.stop().await.expect("a clean end");
    toy.tamper("UPDATE events SET version = version + 40 WHERE position = 700");
    let broken = |error: &ProjectorError| matches!(error, ProjectorError::BrokenStream(broken) if broken.position == 700);
    let compared = compare_with(&toy, &[sums()], &[]).await;
    let error = compared.expect_err("a gap");
    assert!(broken(&error), "{error}");
    let error = projector.rebuild_all(&|_| {}).await.expect_err("a gap");
    assert!(broken(&error), "{error}");
}
