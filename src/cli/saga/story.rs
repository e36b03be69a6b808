//! A saga's story as the running system tells it: fetched list by list, each whole and all as they
//! were at the same position of the log.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cli::{Failure, remote::Remote};

const HEAD: &str = "query ($id: UUID!) {
  saga(orderId: $id) {
    orderId step stepSince status attempts startedAt endedAt processVersion
    operatorNeeded { code detail }
    compensation { code detail since }
    order { reference total { formatted } status paymentStatus fulfillmentStatus }
    story { position standing { waitsFor since overdue advice possible } }
  }
}";

/// The lists of a story, and what is shown of their entries.
const LISTS: [(&str, &str); 6] = [
    ("steps", "step beganAt endedAt reason"),
    (
        "commands",
        "issueId step attempt issuedAt answeredAt command { id name target accepted refusal refusalMessage }",
    ),
    ("timers", "id purpose setAt dueAt state endedAt"),
    (
        "calls",
        "operationId paymentId operation amount { formatted } requestedAt outcome detail knownAt asked",
    ),
    (
        "compensations",
        "undoes what doneAt by attempts state code since",
    ),
    (
        "moments",
        "position eventId eventType source title facts { name text } actor commandId causationId correlationId occurredAt",
    ),
];

/// A saga and its story.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Saga {
    pub(super) order_id: Uuid,
    pub(super) step: String,
    pub(super) status: String,
    pub(super) started_at: DateTime<Utc>,
    pub(super) ended_at: Option<DateTime<Utc>>,
    pub(super) order: Option<Order>,
    pub(super) story: Story,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Order {
    pub(super) reference: Option<String>,
    pub(super) total: Money,
    pub(super) status: String,
    pub(super) payment_status: String,
    pub(super) fulfillment_status: String,
}

#[derive(Deserialize)]
pub(super) struct Money {
    pub(super) formatted: String,
}

#[derive(Deserialize)]
pub(super) struct Story {
    pub(super) position: String,
    pub(super) standing: Standing,
    pub(super) steps: Vec<Step>,
    pub(super) timers: Vec<Timer>,
    pub(super) calls: Vec<Call>,
    pub(super) compensations: Vec<Undoing>,
    pub(super) moments: Vec<Moment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Standing {
    pub(super) waits_for: String,
    pub(super) since: DateTime<Utc>,
    pub(super) overdue: Vec<String>,
    pub(super) advice: Vec<String>,
    pub(super) possible: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Step {
    pub(super) step: String,
    pub(super) began_at: DateTime<Utc>,
    pub(super) ended_at: Option<DateTime<Utc>>,
    pub(super) reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Timer {
    pub(super) purpose: String,
    pub(super) due_at: DateTime<Utc>,
    pub(super) state: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Call {
    pub(super) operation_id: Uuid,
    pub(super) operation: String,
    pub(super) amount: Option<Money>,
    pub(super) outcome: String,
    pub(super) detail: Option<String>,
    pub(super) asked: u32,
}

#[derive(Deserialize)]
pub(super) struct Undoing {
    pub(super) undoes: String,
    pub(super) what: String,
    pub(super) by: String,
    pub(super) attempts: u32,
    pub(super) state: String,
    pub(super) code: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Moment {
    pub(super) source: String,
    pub(super) title: String,
    pub(super) facts: Vec<Fact>,
    pub(super) actor: String,
    pub(super) occurred_at: DateTime<Utc>,
}

#[derive(Deserialize)]
pub(super) struct Fact {
    pub(super) name: String,
    pub(super) text: String,
}

/// The saga of an order with its whole story, as JSON.
pub(super) async fn fetch(remote: &Remote, order_id: Uuid) -> Result<Value, Failure> {
    let mut head: Value = remote.graphql(HEAD, json!({ "id": order_id })).await?;
    let mut saga = head["saga"].take();
    let Some(position) = saga.pointer("/story/position").cloned() else {
        return Err(Failure::not_found(format!(
            "order {order_id} has no saga; `orderlog saga list` shows those that there are"
        )));
    };
    for (list, fields) in LISTS {
        let query = format!(
            "query ($id: UUID!, $upTo: Long, $after: String) {{ saga(orderId: $id) {{ story(upTo: $upTo) {{ \
             {list}(first: 50, after: $after) {{ nodes {{ {fields} }} pageInfo {{ hasNextPage endCursor }} }} }} }} }}"
        );
        let variables = json!({ "id": order_id, "upTo": position });
        let pointer = format!("/saga/story/{list}");
        let nodes = remote.nodes(&query, variables, &pointer, usize::MAX);
        saga["story"][list] = Value::Array(nodes.await?);
    }
    Ok(saga)
}

/// The same, to be shown.
pub(super) fn read(told: Value) -> Result<Saga, Failure> {
    serde_json::from_value(told).map_err(|error| {
        Failure::failed(format!(
            "the saga can't be shown: {error}; is the server of the same version?"
        ))
    })
}
