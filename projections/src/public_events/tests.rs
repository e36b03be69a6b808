//! The contract: each public event has a golden file, `docs/asyncapi.yaml` shows that very payload as its
//! example, and its schema names all that is in it and nothing else.
//! `UPDATE_GOLDEN=1 cargo test -p orderlog-projections public_events` writes the files anew.

use std::{collections::BTreeMap, env, fs, path::PathBuf};

use orderlog_domain::{
    ids::ReservationId,
    payment::PaymentEvent,
    stock::{ReleaseReason, StockEvent},
};
use serde_json::{Value, json};

use super::*;
use crate::testing::{Told, at, id, journeys, order_id, payment, payment_id, recorded, sku, stock};

/// What is told of a story, topic by topic.
fn announced(story: impl IntoIterator<Item = Told>) -> Vec<Announcement> {
    let announced = |recorded, fact| {
        let event = Occurred { recorded, fact };
        announcement(&event).expect("a payload has JSON")
    };
    recorded(story)
        .iter()
        .filter_map(|(recorded, fact)| announced(recorded, fact))
        .collect()
}

/// The first payload on each topic in a story that has them all.
fn examples() -> BTreeMap<&'static str, Value> {
    let mut story = journeys::catalogue();
    story.extend(journeys::completed(1, 98));
    story.extend(journeys::declined(2));
    let mut examples = BTreeMap::new();
    for said in announced(story) {
        let payload = serde_json::from_str(&said.data).expect("JSON");
        examples.entry(said.topic).or_insert(payload);
    }
    examples
}

fn root(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn asyncapi() -> Value {
    let text = fs::read_to_string(root("../docs/asyncapi.yaml")).expect("the description");
    serde_saphyr::from_str(&text).expect("YAML")
}

#[test]
fn every_public_event_has_its_golden_form() {
    let examples = examples();
    assert!(TOPICS.iter().all(|topic| examples.contains_key(topic)));
    for (topic, payload) in examples {
        let file = root(&format!("tests/golden/public_events/{topic}.v1.json"));
        let found = format!(
            "{}\n",
            serde_json::to_string_pretty(&payload).expect("JSON")
        );
        if env::var_os("UPDATE_GOLDEN").is_some() {
            fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            fs::write(&file, &found).expect("written");
        }
        let golden = fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(golden, found, "{topic}: UPDATE_GOLDEN=1 writes it anew");
    }
}

#[test]
fn the_description_shows_what_is_published_and_its_schemas_hold_it() {
    let description = asyncapi();
    assert_eq!(description["asyncapi"], "3.0.0");
    let messages = description["components"]["messages"]
        .as_object()
        .expect("messages");
    assert_eq!(messages.len(), TOPICS.len());
    for (topic, payload) in examples() {
        let message = &messages[topic];
        let address = &description["channels"][topic]["address"];
        assert_eq!(*address, format!("{{prefix}}{topic}"));
        assert_eq!(message["examples"][0]["payload"], payload, "{topic}");
        let headers = &message["examples"][0]["headers"];
        assert_eq!(headers["ce_type"], format!("orderlog.{topic}.v1"));
        for (what, instance) in [("payload", &payload), ("headers", headers)] {
            let schema = closed(&description, &message[what]);
            let validator = jsonschema::draft202012::new(&schema).expect("a schema");
            let faults: Vec<_> = validator.iter_errors(instance).collect();
            assert!(faults.is_empty(), "{what} of {topic}: {faults:?}");
        }
    }
}

#[test]
fn a_schema_notices_what_it_does_not_name_and_what_is_missing() {
    let description = asyncapi();
    for (topic, payload) in examples() {
        let schema = &description["components"]["messages"][topic]["payload"];
        let validator =
            jsonschema::draft202012::new(&closed(&description, schema)).expect("a schema");
        let mut more = payload.clone();
        more["secret"] = json!(1);
        assert!(!validator.is_valid(&more), "{topic} takes anything");
        assert!(!validator.is_valid(&json!({})), "{topic} takes nothing");
    }
}

/// A schema of the description that takes no field it does not name. The description itself leaves that
/// open: more fields may come.
fn closed(description: &Value, schema: &Value) -> Value {
    fn close(value: &mut Value) {
        if value["type"] == "object" && value.get("properties").is_some() {
            value["additionalProperties"] = json!(false);
        }
        match value {
            Value::Object(fields) => fields.values_mut().for_each(close),
            Value::Array(items) => items.iter_mut().for_each(close),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut schemas = description["components"]["schemas"].clone();
    let mut schema = schema.clone();
    close(&mut schemas);
    close(&mut schema);
    schema["components"] = json!({ "schemas": schemas });
    schema
}

#[test]
fn a_story_is_told_in_the_log_s_order() {
    let topics = |story| -> Vec<_> {
        let announced = announced(story).into_iter();
        announced.map(|said| (said.topic, said.key)).collect()
    };
    let order = || order_id(1).to_string();
    let tea = || "TEA".to_owned();
    assert_eq!(
        topics(journeys::completed(1, 98)),
        [
            ("order_created", order()),
            ("inventory_updated", tea()),
            ("notification_sent", order()),
            ("payment_successful", order()),
            ("inventory_updated", tea()),
            ("notification_sent", order()),
        ]
    );
    assert_eq!(
        topics(journeys::declined(1)),
        [
            ("order_created", order()),
            ("inventory_updated", tea()),
            ("payment_failed", order()),
            ("inventory_updated", tea()),
        ]
    );
}

#[test]
fn a_capture_that_fails_is_a_payment_that_failed() {
    let failed = payment(
        payment_id(1),
        order_id(1),
        PaymentEvent::PaymentCaptureFailed {
            order_id: order_id(1),
            operation_id: id(0x12, 1).into(),
            code: "capture_refused".to_owned(),
            retryable: true,
        },
    );
    let said = announced([failed]).pop().expect("it is told");
    let payload: Value = serde_json::from_str(&said.data).expect("JSON");
    assert_eq!(
        (&payload["stage"], &payload["retryable"]),
        (&json!("capture"), &json!(true))
    );
}

#[test]
fn what_is_added_up_is_the_level() {
    let hold = |number| (ReservationId(id(0x60, number)), order_id(number));
    let mut story = journeys::catalogue();
    story.extend(journeys::completed(1, 98));
    let (reservation_id, order_id) = hold(2);
    story.push(stock(
        "TEA",
        StockEvent::StockReserved {
            sku: sku("TEA"),
            reservation_id,
            order_id,
            quantity: 7,
            backordered: 0,
            expires_at: at(1800),
        },
    ));
    story.push(stock(
        "TEA",
        StockEvent::StockReservationReleased {
            sku: sku("TEA"),
            reservation_id,
            order_id,
            quantity: 7,
            reason: ReleaseReason::OrderCancelled,
            released_at: at(9),
        },
    ));
    let (mut on_hand, mut reserved) = (0, 0);
    for said in announced(story) {
        if said.topic == InventoryUpdated::TOPIC {
            let payload: Value = serde_json::from_str(&said.data).expect("JSON");
            let delta = |name: &str| payload[name].as_i64().expect("a number");
            on_hand += delta("on_hand_delta");
            reserved += delta("reserved_delta");
            if let Some(stated) = payload["on_hand"].as_i64() {
                assert_eq!(stated, on_hand);
            }
        }
    }
    assert_eq!((on_hand, reserved), (98, 0));
}
