//! Events that were tampered with after they were sealed.

use orderlog_log::seal::{Flaw, verify::Asked};

use super::{Ground, SEALED, all};

pub(crate) async fn what_nobody_touched_is_whole(ground: Ground) {
    ground.sealed().await;
    let report = ground.verify(&all()).await;
    assert_eq!(report.finding, None);
    assert_eq!((report.from, report.to, report.events), (1, 29, 29));
    assert_eq!((report.seals, report.sealed, report.head), (3, SEALED, 29));
    assert_eq!((report.keys.len(), report.anchored), (1, None));
    let seals = ground.seals.seals(0, 10).await.expect("read");
    let runs = seals.iter().map(|it| (it.body.first, it.body.last));
    assert!(runs.eq([(1, 10), (11, 20), (21, 25)]));
}

pub(crate) async fn each_field_of_an_event_is_sealed(ground: Ground) {
    ground.sealed().await;
    ground.keep().await;
    for change in ground.hands.changes() {
        ground.hands.run(change).await;
        assert_eq!(
            ground.finding().await,
            Some((17, Flaw::Changed)),
            "{change}"
        );
        ground.restore().await;
        assert_eq!(ground.finding().await, None, "{change} is undone");
    }
}

pub(crate) async fn a_removed_event_is_named(ground: Ground) {
    ground.sealed().await;
    ground.keep().await;
    let removed = |position| Some((position, Flaw::Removed { now_there: None }));
    for position in [1, 10, 11, 17, SEALED] {
        let sql = format!("DELETE FROM events WHERE position = {position}");
        ground.hands.run(&sql).await;
        assert_eq!(ground.finding().await, removed(position));
        ground.restore().await;
    }
    assert_eq!(ground.finding().await, None);
    ground.hands.run("DELETE FROM events").await;
    assert_eq!(ground.finding().await, removed(1));
}

pub(crate) async fn a_removed_event_is_named_where_later_ones_moved_up(ground: Ground) {
    ground.sealed().await;
    ground
        .hands
        .run("DELETE FROM events WHERE position = 12")
        .await;
    ground.shift(12, -1).await;
    let now_there = Some(13);
    assert_eq!(
        ground.finding().await,
        Some((12, Flaw::Removed { now_there }))
    );
}

pub(crate) async fn an_inserted_event_is_named(ground: Ground) {
    ground.sealed().await;
    ground.shift(11, 1).await;
    ground.hands.run(ground.hands.insertion()).await;
    assert_eq!(ground.finding().await, Some((12, Flaw::Inserted)));
}

pub(crate) async fn events_that_changed_places_are_named(ground: Ground) {
    ground.sealed().await;
    ground.keep().await;
    for (one, two) in [(4, 5), (12, 19), (21, 25)] {
        let sql = format!(
            "UPDATE events SET position = -1 WHERE position = {one};
             UPDATE events SET position = {one} WHERE position = {two};
             UPDATE events SET position = {two} WHERE position = -1;"
        );
        ground.hands.run(&sql).await;
        let reordered = Flaw::Reordered { sealed_at: two };
        assert_eq!(ground.finding().await, Some((one, reordered)));
        ground.restore().await;
    }
}

pub(crate) async fn the_first_of_many_is_named(ground: Ground) {
    ground.sealed().await;
    ground
        .hands
        .run("DELETE FROM events WHERE position IN (24, 13, 19, 27)")
        .await;
    let removed = Flaw::Removed { now_there: None };
    assert_eq!(ground.finding().await, Some((13, removed)));
}

pub(crate) async fn a_gap_in_the_tail_is_named(ground: Ground) {
    ground.sealed().await;
    ground
        .hands
        .run("DELETE FROM events WHERE position = 27")
        .await;
    assert_eq!(ground.finding().await, Some((27, Flaw::Missing)));
}

pub(crate) async fn a_version_out_of_order_is_named(ground: Ground) {
    ground.sealed().await;
    ground.hands.run(ground.hands.wrong_version()).await;
    let flaw = Flaw::Version {
        stream: "thing-1".to_owned(),
        expected: 10,
        found: 99,
    };
    assert_eq!(ground.finding().await, Some((28, flaw)));
}

pub(crate) async fn a_range_is_checked_by_itself(ground: Ground) {
    ground.sealed().await;
    ground
        .hands
        .run("DELETE FROM events WHERE position = 13")
        .await;
    let range = |from, to| Asked {
        from: Some(from),
        to: Some(to),
        ..all()
    };
    let before = ground.verify(&range(2, 9)).await;
    assert_eq!((before.finding, before.from, before.to), (None, 1, 10));
    let behind = ground.verify(&range(22, 27)).await;
    assert_eq!((behind.finding, behind.from, behind.to), (None, 21, 27));
    let across = ground.verify(&range(20, 21)).await;
    assert_eq!(across.finding.map(|it| it.position), Some(13));
}
