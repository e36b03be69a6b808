//! What differs between two states, field by field.

use serde::Serialize;
use serde_json::Value;

/// A field with two values.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The field, as a JSON pointer: `/lines/0/quantity`.
    pub path: String,
    /// What it was; nothing where it was not there.
    pub before: Option<Value>,
    /// What it is; nothing where it is gone.
    pub after: Option<Value>,
}

/// The fields in which the two differ, in the order of their names. Of a field that has fields of its
/// own, those alone are told.
pub fn changes(before: &Value, after: &Value) -> Vec<Change> {
    let mut found = Vec::new();
    compare("", Some(before), Some(after), &mut found);
    found
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Change>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            let mut names: Vec<_> = before.keys().chain(after.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                let escaped = name.replace('~', "~0").replace('/', "~1");
                let path = format!("{path}/{escaped}");
                compare(&path, before.get(name), after.get(name), found);
            }
        }
        (Some(Value::Array(before)), Some(Value::Array(after))) => {
            for place in 0..before.len().max(after.len()) {
                let path = format!("{path}/{place}");
                compare(&path, before.get(place), after.get(place), found);
            }
        }
        _ => found.push(Change {
            path: path.to_owned(),
            before: before.cloned(),
            after: after.cloned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(path: &str, before: Option<Value>, after: Option<Value>) -> Change {
        Change {
            path: path.to_owned(),
            before,
            after,
        }
    }

    #[test]
    fn equal_states_do_not_differ() {
        let state = json!({ "lines": [{ "quantity": 2 }] });
        assert_eq!(changes(&state, &state), []);
    }

    #[test]
    fn the_innermost_field_that_differs_is_told() {
        let before = json!({ "lines": [{ "quantity": 2 }, 1], "note": null, "same": 1, "a/b": 1 });
        let after = json!({ "lines": [{ "quantity": 3 }], "note": { "by": "me" }, "same": 1 });
        let found = changes(&before, &after);
        let expected = [
            change("/a~1b", Some(json!(1)), None),
            change("/lines/0/quantity", Some(json!(2)), Some(json!(3))),
            change("/lines/1", Some(json!(1)), None),
            change("/note", Some(Value::Null), Some(json!({ "by": "me" }))),
        ];
        assert_eq!(found, expected);
        for one in found.iter().filter(|one| one.before.is_some()) {
            assert_eq!(before.pointer(&one.path), one.before.as_ref());
        }
    }
}
