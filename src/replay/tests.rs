//! What a replay writes: with any filter, and killed at any place the same bytes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    io::Write,
    path::Path,
    sync::{Arc, Mutex},
};

use chrono::{DateTime, Utc};
use orderlog_log::{
    event::NewEvent,
    event_store::{CommandEnvelope, Decided, EventStore, Fingerprint, StreamAppend, Verdict},
    sqlite::SqliteEventStore,
};
use tempfile::TempDir;
use uuid::Uuid;

use super::*;

/// Streams `order-0` to `order-9`, one event after the other, with a customer of five.
async fn log(events: u64) -> (SqliteEventStore, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let log = SqliteEventStore::open(directory.path()).unwrap();
    let decided: Vec<_> = (0..events).map(command).collect();
    for batch in decided.chunks(500) {
        log.append(batch.to_vec()).await.unwrap();
    }
    (log, directory)
}

fn command(number: u64) -> Decided {
    let (order, version) = (number % 10, number / 10);
    let command_id = Uuid::from_u128(0xC000 + u128::from(number));
    let (event_type, data) = match version {
        0 => (
            "OrderPlaced",
            format!(
                r#"{{"OrderPlaced":{{"customer_id":"c{}","number":0}}}}"#,
                order % 5
            ),
        ),
        _ => (
            "OrderConfirmed",
            format!(r#"{{"OrderConfirmed":{{"number":{number},"note":"a, \"b\""}}}}"#),
        ),
    };
    Decided {
        command: CommandEnvelope {
            command_id,
            fingerprint: Fingerprint::of(command_id.as_bytes()),
            command_type: "Change".to_owned(),
            stream: format!("order-{order}"),
            actor: if number.is_multiple_of(2) {
                "ada"
            } else {
                "operator:bob"
            }
            .to_owned(),
            correlation_id: Uuid::from_u128(0xAAAA + u128::from(order)),
            causation_id: command_id,
            traceparent: None,
        },
        verdict: Verdict::Accepted,
        writes: vec![StreamAppend {
            stream: format!("order-{order}"),
            expected_version: version,
            partition_key: order.to_string(),
            events: vec![NewEvent {
                event_id: Uuid::from_u128(0xE000 + u128::from(number)),
                event_type: event_type.to_owned(),
                schema_version: 1,
                data,
                occurred_at: happened(number),
            }],
        }],
    }
}

fn happened(number: u64) -> DateTime<Utc> {
    let begin = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    begin + chrono::Duration::seconds(number.cast_signed())
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn lines(
    log: &dyn EventReader,
    asked: &Asked,
    format: Format,
) -> Result<String, ReplayError> {
    let written = Written::default();
    let out: Box<dyn Write> = Box::new(written.clone());
    let mut output = Output::Lines(Lines::new(out, format, "memory"));
    replay(log, asked, &mut output, &|_| ()).await?;
    let bytes = written.0.lock().unwrap().clone();
    Ok(String::from_utf8(bytes).unwrap())
}

async fn positions(log: &dyn EventReader, asked: &Asked) -> Vec<u64> {
    let lines = lines(log, asked, Format::Ndjson).await.unwrap();
    let position = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["position"].as_u64().unwrap()
    };
    lines.lines().map(position).collect()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn each_filter_keeps_what_it_says_and_all_of_them_hold() {
    let (log, _directory) = log(100).await;
    let all = Asked::default();
    assert_eq!(positions(&log, &all).await, (1..=100).collect::<Vec<_>>());
    let cases: [(Asked, Vec<u64>); 9] = [
        (
            Asked {
                types: texts(&["*Placed"]),
                ..all.clone()
            },
            (1..=10).collect(),
        ),
        (
            Asked {
                streams: texts(&["order-3", "order-1"]),
                to: Some("22".to_owned()),
                ..all.clone()
            },
            vec![2, 4, 12, 14, 22],
        ),
        (
            Asked {
                correlation: Some(Uuid::from_u128(0xAAAA).to_string()),
                from: Some("80".to_owned()),
                ..all.clone()
            },
            vec![81, 91],
        ),
        (
            Asked {
                actors: texts(&["operator:*"]),
                to: Some("5".to_owned()),
                ..all.clone()
            },
            vec![2, 4],
        ),
        (
            Asked {
                customer: Some("c2".to_owned()),
                from: Some("70".to_owned()),
                to: Some("90".to_owned()),
                ..all.clone()
            },
            vec![73, 78, 83, 88],
        ),
        (
            Asked {
                since: Some(happened(97).to_rfc3339()),
                ..all.clone()
            },
            vec![98, 99, 100],
        ),
        (
            Asked {
                until: Some(happened(2).to_rfc3339()),
                ..all.clone()
            },
            vec![1, 2],
        ),
        (
            Asked {
                conditions: texts(&["$..number=42", "$.OrderConfirmed"]),
                ..all.clone()
            },
            vec![43],
        ),
        (
            Asked {
                streams: texts(&["order-none"]),
                ..all.clone()
            },
            vec![],
        ),
    ];
    for (asked, expected) in cases {
        assert_eq!(positions(&log, &asked).await, expected, "{asked:?}");
    }
}

#[tokio::test]
async fn instants_are_places_of_the_log() {
    let (log, _directory) = log(100).await;
    let events = log.read_at(&[1, 40, 100]).await.unwrap();
    let at = |place: usize| Some(events[place].recorded_at.to_rfc3339());
    let range = |from, to| Asked {
        from,
        to,
        ..Asked::default()
    };
    let whole = positions(&log, &range(at(0), at(2))).await;
    assert_eq!(whole.len(), 100);
    let early = (events[0].recorded_at - chrono::Duration::days(1)).to_rfc3339();
    let nothing = lines(&log, &range(None, Some(early)), Format::Ndjson).await;
    assert!(
        matches!(nothing, Err(ReplayError::Absent(_))),
        "{nothing:?}"
    );
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused() {
    let (log, _directory) = log(10).await;
    let all = Asked::default();
    let wrong = [
        Asked {
            from: Some("soon".to_owned()),
            ..all.clone()
        },
        Asked {
            since: Some("1".to_owned()),
            ..all.clone()
        },
        Asked {
            correlation: Some("x".to_owned()),
            ..all.clone()
        },
        Asked {
            customer: Some(String::new()),
            ..all.clone()
        },
        Asked {
            conditions: texts(&["number=1"]),
            ..all.clone()
        },
    ];
    for asked in wrong {
        let refused = lines(&log, &asked, Format::Ndjson).await;
        assert!(
            matches!(refused, Err(ReplayError::Asked(_))),
            "{asked:?}: {refused:?}"
        );
    }
    for (from, to) in [("11", None), ("5", Some("4")), ("1", Some("11"))] {
        let (from, to) = (Some(from.to_owned()), to.map(str::to_owned));
        let asked = Asked {
            from,
            to,
            ..all.clone()
        };
        let refused = lines(&log, &asked, Format::Ndjson).await;
        assert!(
            matches!(refused, Err(ReplayError::Absent(_))),
            "{asked:?}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn each_format_has_a_line_for_each_event() {
    let (log, _directory) = log(20).await;
    for (format, head) in [(Format::Table, 1), (Format::Ndjson, 0), (Format::Csv, 1)] {
        let lines = lines(&log, &Asked::default(), format).await.unwrap();
        assert_eq!(lines.lines().count(), 20 + head, "{lines}");
    }
    let csv = lines(&log, &Asked::default(), Format::Csv).await.unwrap();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let last = reader.records().last().unwrap().unwrap();
    assert_eq!(
        &last[14],
        r#"{"OrderConfirmed":{"number":19,"note":"a, \"b\""}}"#
    );
}

/// As a killed process leaves it: the checkpoint of some page, and torn lines behind.
#[tokio::test]
async fn a_file_that_was_killed_anywhere_ends_with_the_same_bytes() {
    let (log, directory) = log(9_000).await;
    let asked = Asked {
        types: texts(&["Order*"]),
        ..Asked::default()
    };
    for format in [Format::Table, Format::Ndjson, Format::Csv] {
        let whole = directory.path().join(format!("whole-{format:?}"));
        finish(&log, &asked, &whole, format, false).await;
        let expected = fs::read(&whole).unwrap();
        for pages in 0..4 {
            let path = directory.path().join(format!("killed-{format:?}-{pages}"));
            killed_after(&log, &asked, &path, format, pages).await;
            finish(&log, &asked, &path, format, true).await;
            assert!(
                fs::read(&path).unwrap() == expected,
                "{format:?}, {pages} pages"
            );
        }
    }
}

async fn finish(log: &dyn EventReader, asked: &Asked, path: &Path, format: Format, resume: bool) {
    let file = OutFile::new(path, format, resume).unwrap().unwrap();
    let mut output = Output::File(Box::new(file));
    replay(log, asked, &mut output, &|_| ()).await.unwrap();
    assert!(
        OutFile::new(path, format, true).unwrap().is_none(),
        "it is finished"
    );
}

async fn killed_after(
    log: &dyn EventReader,
    asked: &Asked,
    path: &Path,
    format: Format,
    pages: usize,
) {
    let mut file = OutFile::new(path, format, false).unwrap().unwrap();
    let head = log.head().await.unwrap();
    file.begun(asked, head.log_id).unwrap();
    file.starts(head.position).unwrap();
    let range = Range {
        from: 1,
        to: head.position,
    };
    let mut read = Pages::new(log, Selection::of(asked).unwrap(), range, 0);
    for _ in 0..pages {
        let page = read.next().await.unwrap().unwrap();
        file.take(&page.events, page.position).unwrap();
    }
    drop(file);
    let mut torn = fs::File::options().append(true).open(path).unwrap();
    torn.write_all(b"{\"position\":99").unwrap();
}

#[tokio::test]
async fn a_continued_file_ends_where_the_log_ended_when_it_was_begun() {
    let (log, directory) = log(3_000).await;
    let (asked, path) = (Asked::default(), directory.path().join("out"));
    killed_after(&log, &asked, &path, Format::Ndjson, 1).await;
    log.append(vec![command(3_000)]).await.unwrap();
    finish(&log, &asked, &path, Format::Ndjson, true).await;
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 3_000);
}

#[tokio::test]
async fn a_file_is_never_overwritten_nor_continued_otherwise() {
    let (log, directory) = log(3_000).await;
    let (asked, path) = (Asked::default(), directory.path().join("out"));
    killed_after(&log, &asked, &path, Format::Ndjson, 1).await;
    let refused = OutFile::new(&path, Format::Ndjson, false).err();
    assert!(
        matches!(refused, Some(ReplayError::Conflict(_))),
        "{refused:?}"
    );
    let other = Asked {
        types: texts(&["*"]),
        ..asked
    };
    let file = OutFile::new(&path, Format::Ndjson, true).unwrap().unwrap();
    let refused = replay(&log, &other, &mut Output::File(Box::new(file)), &|_| ()).await;
    assert!(
        matches!(refused, Err(ReplayError::Conflict(_))),
        "{refused:?}"
    );
    let nowhere = directory.path().join("no/such/out");
    let file = OutFile::new(&nowhere, Format::Ndjson, false)
        .unwrap()
        .unwrap();
    let refused = replay(&log, &other, &mut Output::File(Box::new(file)), &|_| ()).await;
    assert!(
        matches!(refused, Err(ReplayError::Output { .. })),
        "{refused:?}"
    );
}
