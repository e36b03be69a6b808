//! Subscriptions to changed rows.

use orderlog_runtime::read_store::{Change, Changed, Changes};

fn change(projection: &str, key: Option<&str>, position: u64) -> Change {
    Change {
        projection: projection.to_owned(),
        key: key.map(str::to_owned),
        position,
    }
}

#[tokio::test]
async fn a_subscriber_hears_of_its_own_row_alone() {
    let changes = Changes::default();
    assert!(!changes.has_subscribers());
    let mut own = changes.subscribe("sums", "a");
    let mut all = changes.subscribe_all("sums");
    changes.announce(vec![
        change("sums", Some("b"), 1),
        change("other", Some("a"), 1),
    ]);
    changes.announce(vec![
        change("sums", Some("a"), 2),
        change("sums", Some("a"), 3),
    ]);
    assert_eq!(own.next().await, Some(Changed::At(3)));
    assert_eq!(all.next().await, Some(Changed::At(1)));
    changes.announce(vec![change("sums", None, 4)]);
    assert_eq!(own.next().await, Some(Changed::ReadAgain));
    drop(changes);
    assert_eq!(own.next().await, None);
}

#[tokio::test]
async fn a_slow_subscriber_is_told_to_read_again() {
    let changes = Changes::default();
    let mut slow = changes.subscribe("sums", "a");
    for position in 0..5000 {
        changes.announce(vec![change("sums", Some("a"), position)]);
    }
    assert_eq!(slow.next().await, Some(Changed::ReadAgain));
    assert!(matches!(slow.next().await, Some(Changed::At(_))));
}
