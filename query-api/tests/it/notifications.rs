//! `GET /api/v1/notifications`: what a customer was told, and what became of it on each channel.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use orderlog_domain::notification::{Channel, NotificationEvent};
use orderlog_projections::testing::{id, journeys, notification, order_id};
use serde_json::{Value, json};

use crate::world::{World, get, json_of, token};

const OF_CUSTOMER: &str = "/api/v1/notifications?user_id=customer-1";

async fn asked(world: &World, path: &str) -> (u16, Value) {
    let answer = world.send(get(path)).await;
    (answer.status().as_u16(), json_of(answer).await)
}

/// The first notification of the order, once more by mail and in vain.
fn in_vain() -> Vec<orderlog_projections::testing::Told> {
    let (order_id, channel) = (order_id(1), Channel::Log);
    let facts = [
        NotificationEvent::NotificationReplayed {
            order_id,
            channels: vec![channel],
        },
        NotificationEvent::NotificationFailed {
            order_id,
            channel,
            reason: "no room".to_owned(),
            retry_at: None,
        },
        NotificationEvent::NotificationGivenUp { order_id, channel },
    ];
    facts
        .map(|fact| notification(id(0x50, 1), order_id, fact))
        .into()
}

#[tokio::test]
async fn a_customer_s_notifications_are_listed_with_their_attempts() {
    let world = World::after(journeys::completed(1, 98)).await;
    world.tell(in_vain()).await;
    let (status, body) = asked(&world, OF_CUSTOMER).await;
    assert_eq!(status, 200, "{body}");
    let listed = body["notifications"].as_array().unwrap();
    assert_eq!((listed.len(), body.get("next")), (2, None), "{body}");
    let first = listed
        .iter()
        .find(|one| one["kind"] == "order.confirmed")
        .unwrap();
    assert_eq!(
        (&first["user_id"], &first["status"]),
        (&json!("customer-1"), &json!("given_up"))
    );
    let delivery = &first["deliveries"][0];
    assert_eq!(delivery["channel"], "log");
    assert_eq!(
        (&delivery["status"], &delivery["tried"]),
        (&json!("given_up"), &json!(2))
    );
    let failures = delivery["attempts"].as_array().unwrap().iter();
    let failures: Vec<_> = failures.map(|attempt| &attempt["failure"]).collect();
    assert_eq!(failures, [&Value::Null, &json!("no room")]);

    let query = "{ notifications(customerId: \"customer-1\", status: [GIVEN_UP]) { nodes { \
                 deliveries { channel status withheld tried attempts { failure } retryAt } } } }";
    let data = world.data(query).await;
    assert_eq!(
        data["notifications"]["nodes"],
        json!([{ "deliveries": [{
            "channel": "log", "status": "GIVEN_UP", "withheld": null, "tried": 2,
            "attempts": [{ "failure": null }, { "failure": "no room" }], "retryAt": null,
        }] }])
    );
}

#[tokio::test]
async fn a_list_goes_on_behind_its_cursor() {
    let world = World::after(journeys::completed(1, 98)).await;
    let (_, first) = asked(&world, &format!("{OF_CUSTOMER}&first=1")).await;
    let next = first["next"].as_str().unwrap();
    let (_, second) = asked(&world, &format!("{OF_CUSTOMER}&first=1&after={next}")).await;
    assert_eq!(second.get("next"), None, "{second}");
    let id = |page: &Value| page["notifications"][0]["id"].clone();
    assert_ne!(id(&first), id(&second));
    let (_, of_nobody) = asked(&world, "/api/v1/notifications?user_id=nobody").await;
    assert_eq!(of_nobody, json!({ "notifications": [] }));
}

#[tokio::test]
async fn what_can_t_be_listed_is_refused_as_a_problem() {
    let world = World::new().await;
    for path in [
        "/api/v1/notifications",
        "/api/v1/notifications?user_id=a%20b",
        "/api/v1/notifications?user_id=ann&first=101",
        "/api/v1/notifications?user_id=ann&first=-1",
        "/api/v1/notifications?user_id=ann&after=x",
        "/api/v1/notifications?user_id=ann&status=sent",
    ] {
        let (status, body) = asked(&world, path).await;
        assert_eq!(
            (status, &body["code"]),
            (400, &json!("request.query_invalid")),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_list_that_is_behind_says_so() {
    let world = World::without_projector().await;
    let position = world.record(journeys::completed(1, 98)).await;
    let mut request = get(OF_CUSTOMER);
    let headers = request.headers_mut();
    let token = token(position, order_id(1));
    headers.insert("consistency-token", token.parse().unwrap());
    headers.insert("prefer", "wait=0".parse().unwrap());
    let answer = world.send(request).await;
    assert_eq!(answer.status().as_u16(), 503);
    assert_eq!(json_of(answer).await["code"], "read_model.behind");
}
