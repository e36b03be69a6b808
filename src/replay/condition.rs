//! `JSONPATH=VALUE`: whether something in a payload has a value.

use std::str::FromStr;

use serde_json::Value;
use serde_json_path::JsonPath;

/// A condition on a payload.
#[derive(Debug)]
pub(super) struct Condition {
    path: JsonPath,
    /// As JSON, if it is some, and as text; nothing where being there is enough.
    value: Option<(Option<Value>, String)>,
}

impl Condition {
    pub(super) fn holds(&self, payload: &Value) -> bool {
        let found = self.path.query(payload).all();
        let Some((json, text)) = &self.value else {
            return !found.is_empty();
        };
        found
            .into_iter()
            .any(|node| Some(node) == json.as_ref() || node.as_str() == Some(text))
    }
}

impl FromStr for Condition {
    type Err = String;

    /// The path may have `=` of its own: it ends at the first behind which it is whole.
    fn from_str(text: &str) -> Result<Self, String> {
        for (at, _) in text.match_indices('=') {
            // `==` is a comparison of the path's.
            if let (Ok(path), false) = (
                JsonPath::parse(&text[..at]),
                text[at + 1..].starts_with('='),
            ) {
                let value = &text[at + 1..];
                let value = Some((serde_json::from_str(value).ok(), value.to_owned()));
                return Ok(Self { path, value });
            }
        }
        match JsonPath::parse(text) {
            Ok(path) => Ok(Self { path, value: None }),
            Err(error) => Err(format!(
                "--where {text:?} is no JSON path and a value ({error}); write it as $..sku=MUG-1"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn holds(condition: &str) -> bool {
        let payload = json!({ "OrderPlaced": {
            "customer_id": "ada", "lines": [{ "sku": "MUG-1", "quantity": 2 }], "note": "a=b",
        }});
        condition
            .parse::<Condition>()
            .expect(condition)
            .holds(&payload)
    }

    #[test]
    fn something_at_the_path_must_have_the_value() {
        for held in [
            "$.OrderPlaced.customer_id=ada",
            "$..customer_id=\"ada\"",
            "$..quantity=2",
            "$..lines[0]",
            "$..note=a=b",
            "$..lines[?@.sku==\"MUG-1\"].quantity=2",
        ] {
            assert!(holds(held), "{held}");
        }
        for other in [
            "$..customer_id=bob",
            "$..quantity=3",
            "$..nothing",
            "$..quantity=\"2\"",
        ] {
            assert!(!holds(other), "{other}");
        }
    }

    #[test]
    fn what_is_no_path_says_so() {
        for wrong in ["", "customer=ada", "$..[=1", "=1"] {
            let refused = wrong.parse::<Condition>().expect_err(wrong);
            assert!(refused.contains("$..sku=MUG-1"), "{refused}");
        }
    }
}
