//! The rows of all read models of a data directory, without what may differ between two runs that
//! came to the same: positions, times, counts of attempts, and ids that are drawn. Where a row has
//! positions, what stands there in the log is compared.

use std::{collections::BTreeMap, path::Path};

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

const MAY_DIFFER: [&str; 12] = [
    "Instant",
    "position",
    "at",
    "since",
    "step_since",
    "held_until",
    "attempts",
    "attempt",
    "command_id",
    "causation_id",
    "event_id",
    "notification_id",
];

/// The rows of each read model, in an order of their own.
pub(crate) fn rows(data_dir: &Path) -> BTreeMap<String, Vec<String>> {
    let open = |file| {
        let file = data_dir.join(file);
        Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
    };
    let (db, log) = (open("read.db"), open("events.db"));
    let mut names = db
        .prepare("SELECT name, name || '_' || generation FROM projections")
        .unwrap();
    let names = names.query_map([], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
    });
    names
        .unwrap()
        .map(|name| {
            let (name, table) = name.unwrap();
            let mut found = db.prepare(&format!("SELECT row FROM {table}")).unwrap();
            let found = found.query_map([], |row| row.get::<_, String>(0)).unwrap();
            let mut rows: Vec<_> = found.map(|row| comparable(&row.unwrap(), &log)).collect();
            rows.sort();
            (name, rows)
        })
        .collect()
}

fn comparable(row: &str, log: &Connection) -> String {
    let mut row: Value = serde_json::from_str(row).unwrap();
    if let Some(Value::Array(positions)) = row.get_mut("positions") {
        let mut found = log
            .prepare_cached("SELECT type FROM events WHERE position = ?1")
            .unwrap();
        for position in &mut *positions {
            let found = found.query_row([position.as_i64()], |row| row.get::<_, String>(0));
            *position = Value::String(found.unwrap());
        }
        positions.sort_by(|one, other| one.as_str().cmp(&other.as_str()));
    }
    strip(&mut row);
    row.to_string()
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !MAY_DIFFER.contains(&name.as_str()) && !name.ends_with("_at"));
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Panics with the first difference.
pub(crate) fn assert_same(
    expected: &BTreeMap<String, Vec<String>>,
    found: &BTreeMap<String, Vec<String>>,
) {
    for (name, rows) in expected {
        let others = &found[name];
        if let Some((row, other)) = rows.iter().zip(others).find(|(row, other)| row != other) {
            panic!("{name} differs:\n  {row}\n  {other}");
        }
        assert_eq!(rows.len(), others.len(), "rows of {name}");
    }
}
