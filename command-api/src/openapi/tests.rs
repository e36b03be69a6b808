//! The description of REST, against the one that was reviewed.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;

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
    let hint = "command-api/openapi.json differs; run this test with UPDATE_GOLDEN=1 and review it";
    assert!(written == reviewed, "{hint}");
}

#[test]
fn every_operation_has_a_name_of_its_own_and_every_command_its_key() {
    let document = serde_json::to_value(description()).expect("it is JSON");
    assert_eq!(document["openapi"], "3.1.0");
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            assert!(
                names.insert(operation["operationId"].to_string()),
                "{method} {path}"
            );
            let headers = operation["parameters"].as_array().into_iter().flatten();
            let keyed = headers
                .filter(|header| header["name"] == "Idempotency-Key")
                .count();
            assert_eq!(keyed, usize::from(method != "get"), "{method} {path}");
            let problems = operation["responses"]
                .as_object()
                .expect("responses")
                .iter();
            for (status, problem) in problems.filter(|(status, _)| status.as_str() >= "400") {
                assert_ne!(
                    problem["content"]["application/problem+json"],
                    Value::Null,
                    "{path} {status}"
                );
            }
        }
    }
}
