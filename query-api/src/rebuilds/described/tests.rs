//! The description, against the one that was reviewed and against what is sent.

use std::collections::BTreeSet;

use orderlog_runtime::{
    projector::{KeptRows, ProjectionState, ProjectionStatus},
    rebuild::{RebuildPhase, RebuildProgress, RebuildReport, RowDifference},
};
use serde_json::Value;

use super::super::description;

/// Set `UPDATE_GOLDEN=1` to write the file anew, then review its difference.
#[test]
fn the_description_is_the_one_that_was_reviewed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let mut written = description().to_pretty_json().expect("it is JSON");
    written.push('\n');
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &written).expect("the file can be written");
    }
    let reviewed = std::fs::read_to_string(path).unwrap_or_default();
    let hint = "query-api/openapi.json differs; run this test with UPDATE_GOLDEN=1 and review it";
    assert!(written == reviewed, "{hint}");
}

fn progress() -> RebuildProgress {
    RebuildProgress {
        phase: RebuildPhase::CatchingUp,
        position: 1,
        of: 2,
        done: 0.5,
        events_per_second: 1.0,
        eta_seconds: Some(1.0),
    }
}

fn status() -> ProjectionStatus {
    ProjectionStatus {
        name: "orders".to_owned(),
        version: "1".to_owned(),
        position: 1,
        positions: vec![1],
        head: 2,
        lag: 1,
        rows: 1,
        parked: 0,
        state: ProjectionState::Halted("why".to_owned()),
        kept: Some(KeptRows {
            version: "0".to_owned(),
            since: chrono::DateTime::UNIX_EPOCH,
        }),
        rebuild: Some(progress()),
    }
}

fn report() -> RebuildReport {
    RebuildReport {
        projection: "orders".to_owned(),
        rows: 1,
        live_hash: Some("a".to_owned()),
        live_rows: Some(1),
        rebuilt_hash: "b".to_owned(),
        equal: false,
        differences: vec![RowDifference {
            key: "1".to_owned(),
            live: Some("{}".to_owned()),
            rebuilt: Some("{}".to_owned()),
        }],
        events: 1,
        seconds: 1.0,
    }
}

#[test]
fn what_is_sent_has_the_members_that_are_described_and_no_others() {
    let described = serde_json::to_value(description()).expect("it is JSON");
    let json = |sent: serde_json::Result<Value>| sent.expect("it is JSON");
    let (status, report) = (
        json(serde_json::to_value(status())),
        json(serde_json::to_value(report())),
    );
    for (name, sent) in [
        ("ProjectionStatus", &status),
        ("ProjectionState", &status["state"]),
        ("KeptRows", &status["kept"]),
        ("RebuildProgress", &status["rebuild"]),
        ("RebuildReport", &report),
        ("RowDifference", &report["differences"][0]),
    ] {
        let members = |value: &Value| -> BTreeSet<String> {
            let object = value
                .as_object()
                .unwrap_or_else(|| panic!("{name}: {value}"));
            object.keys().cloned().collect()
        };
        let schema = &described["components"]["schemas"][name];
        assert_eq!(members(sent), members(&schema["properties"]), "{name}");
    }
    let named = |name: &str, value: &Value| {
        let values = described["components"]["schemas"][name]["oneOf"].as_array();
        let plain = described["components"]["schemas"][name]["enum"].as_array();
        let text = serde_json::to_string(&(values, plain)).expect("it is JSON");
        assert!(
            text.contains(&value.to_string()),
            "{name}: {value} in {text}"
        );
    };
    named("Doing", &status["state"]["state"]);
    named("RebuildPhase", &status["rebuild"]["phase"]);
}
