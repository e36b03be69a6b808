//! What is kept byte for byte, and what can't be kept at all.

use orderlog_log::{
    event_reader::EventReader,
    event_store::{EventStore, StoreError},
    postgres::PgOptions,
};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    assert_whole, connect,
    contract::{decided, event, record},
    database::TestDatabase,
    soon,
};

#[tokio::test(flavor = "multi_thread")]
async fn payloads_are_kept_byte_for_byte() {
    let database = TestDatabase::create().await;
    let store = connect(&database, PgOptions::default()).await;
    let random: String = (0..4000).map(|_| Uuid::now_v7().to_string()).collect();
    let payloads = [
        r#"{"a":1,"a":2,"b":1.10,"c":1E+2,"d":-0.0}"#.to_owned(),
        "\t{ \"z\" :\r\n[ ] ,\"a\": null }  ".to_owned(),
        r#""\u00e9\/\u0000\ud83d\ude00\ud800 é""#.to_owned(),
        "12345678901234567890123456789.000".to_owned(),
        format!("\"{random}\""),
        format!("\"{}\"", "a".repeat(100_000)),
    ];
    let mut command = decided("thing-1", 0, 0);
    command.writes[0].events = payloads.iter().map(|it| event(it)).collect();
    record(&store, command).await;
    let read = store.read_stream("thing-1", 0, 100).await.expect("read");
    assert!(read.iter().map(|event| &event.data).eq(&payloads));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_kept_spoils_nothing_else() {
    let database = TestDatabase::create().await;
    let store = connect(&database, PgOptions::default()).await;
    let mut appends = JoinSet::new();
    for number in 0..20 {
        let mut command = decided(&format!("thing-{number}"), 0, 1);
        match number % 10 {
            3 => command.writes[0].events[0].data = "{".to_owned(),
            5 => command.command.actor = "a\0b".to_owned(),
            7 => command.writes[0].stream = "nameless".to_owned(),
            _ => {}
        }
        let store = store.clone();
        appends.spawn(async move { (number, store.append(vec![command]).await) });
    }
    for (number, outcome) in soon(appends.join_all()).await {
        match (number % 10, outcome) {
            (3 | 5 | 7, Err(StoreError::Invalid { .. })) => {}
            (3 | 5 | 7, other) => panic!("{other:?}"),
            (_, outcome) => assert!(outcome.expect("appended")[0].is_recorded()),
        }
    }
    assert_whole(&store, 14).await;
}
