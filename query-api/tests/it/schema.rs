//! The schema is a promise to clients: it changes only on purpose.

use std::{fs, path::Path};

/// Writes the golden file instead of comparing, when this variable is set.
const UPDATE: &str = "UPDATE_SCHEMA";

#[test]
fn the_schema_is_the_one_that_is_checked_in() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.graphql");
    let sdl = orderlog_query_api::sdl();
    if std::env::var_os(UPDATE).is_some() {
        fs::write(&path, &sdl).expect("the golden file can be written");
    }
    let golden = fs::read_to_string(&path).expect("the golden file is there");
    assert_eq!(
        golden, sdl,
        "run the test with {UPDATE}=1 if the change is meant"
    );
}

#[test]
fn everything_in_the_schema_is_described() {
    let sdl = orderlog_query_api::sdl();
    let mut described = false;
    let mut in_text = false;
    for line in sdl.lines().map(str::trim) {
        let quotes = line.matches("\"\"\"").count();
        if in_text || quotes > 0 {
            in_text = if quotes == 1 { !in_text } else { in_text };
            described = true;
            continue;
        }
        let declares = line.starts_with(|first: char| first.is_ascii_alphabetic());
        let is_root = ["schema", "query:", "subscription:"]
            .iter()
            .any(|it| line.starts_with(it));
        // Relay has described connections.
        let known = is_root || line.ends_with("Connection {");
        assert!(!declares || known || described, "not described: {line}");
        described = false;
    }
}
