//! Reads by stream and by position, and the end of the log.

use std::sync::Arc;

use orderlog_log::{event_reader::SilentOf, event_store::EventStore};
use uuid::Uuid;

use super::{decided, record, refused};

pub(crate) async fn an_empty_log_has_a_head(store: Arc<dyn EventStore>) {
    let head = store.head().await.expect("head");
    assert_eq!((head.position, head.event_id), (0, Uuid::nil()));
    assert_ne!(head.log_id, Uuid::nil());
    assert_eq!(store.read_all(0, 10).await.expect("read"), []);
    assert_eq!(store.read_stream("thing-1", 0, 10).await.expect("read"), []);
}

pub(crate) async fn a_stream_is_read_in_pages(store: Arc<dyn EventStore>) {
    record(&*store, decided("thing-1", 0, 4)).await;
    record(&*store, decided("thing-10", 0, 1)).await;
    record(&*store, decided("thing-1", 4, 3)).await;
    let (mut versions, mut after) = (Vec::new(), 0);
    loop {
        let page = store.read_stream("thing-1", after, 3).await.expect("read");
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 3);
        after = last.version;
        versions.extend(page.iter().map(|event| event.version));
    }
    assert_eq!(versions, [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(
        store
            .read_stream("thing-1", u64::MAX, 3)
            .await
            .expect("read"),
        []
    );
}

pub(crate) async fn the_log_is_read_in_pages(store: Arc<dyn EventStore>) {
    for number in 0..7 {
        record(&*store, decided(&format!("thing-{number}"), 0, 1)).await;
    }
    let (mut positions, mut after) = (Vec::new(), 0);
    loop {
        let page = store.read_all(after, 3).await.expect("read");
        let Some(last) = page.last() else { break };
        after = last.position;
        positions.extend(page.iter().map(|event| event.position));
    }
    assert_eq!(positions, [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(store.read_all(u64::MAX, 3).await.expect("read"), []);
}

pub(crate) async fn events_are_read_at_positions_in_the_order_asked_for(
    store: Arc<dyn EventStore>,
) {
    record(&*store, decided("thing-1", 0, 5)).await;
    let found = store
        .read_at(&[4, 99, 2, 0, 2, u64::MAX])
        .await
        .expect("read");
    let positions: Vec<_> = found.iter().map(|event| event.position).collect();
    assert_eq!(positions, [4, 2, 2]);
}

pub(crate) async fn the_head_is_watched(store: Arc<dyn EventStore>) {
    let mut watched = store.watch_head();
    assert_eq!(*watched.borrow_and_update(), 0);
    let recorded = record(&*store, decided("thing-1", 0, 3)).await;
    // Already told when the append is answered: nobody who was answered waits for himself.
    assert!(watched.has_changed().expect("the store lives"));
    assert_eq!(*watched.borrow_and_update(), recorded.position);
    let head = store.head().await.expect("head");
    let last = store.read_at(&[head.position]).await.expect("read");
    assert_eq!((head.position, head.event_id), (3, last[0].event_id));
}

pub(crate) async fn commands_without_events_are_found_by_stream_and_by_chain(
    store: Arc<dyn EventStore>,
) {
    record(&*store, decided("thing-1", 0, 1)).await;
    let first = record(&*store, refused("thing-1", 1)).await;
    let idle = record(&*store, decided("thing-1", 1, 0)).await;
    let mut of_the_chain = refused("thing-2", 0);
    of_the_chain.command.correlation_id = first.command.correlation_id;
    let of_the_chain = record(&*store, of_the_chain).await;

    let stream = SilentOf::Stream("thing-1");
    let found = store.silent_commands(stream, Uuid::nil(), 10).await;
    assert_eq!(found.expect("read"), [first.clone(), idle.clone()]);
    let page = store.silent_commands(stream, Uuid::nil(), 1).await;
    assert_eq!(page.expect("read"), std::slice::from_ref(&first));
    let page = store.silent_commands(stream, first.command.command_id, 9);
    assert_eq!(page.await.expect("read"), [idle]);

    let chain = SilentOf::Correlation(first.command.correlation_id);
    let found = store.silent_commands(chain, Uuid::nil(), 10).await;
    assert_eq!(found.expect("read"), [first, of_the_chain]);
    let none = SilentOf::Stream("thing");
    let found = store.silent_commands(none, Uuid::nil(), 10).await;
    assert_eq!(found.expect("read"), []);
}
