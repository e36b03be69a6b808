//! What the API shows of sagas: all that happened to one, those that need somebody, and what led to
//! what.

use orderlog_domain::{
    fulfilment::{
        FulfilmentEvent, IssuedCommand, OperatorReason, Step, TargetedCommand, TimerPurpose,
    },
    payment::{CaptureMode, InitiatePayment, PaymentCommand},
};
use orderlog_projections::testing::{
    Told, at, euro, id, journey::Journey, journeys, order_id, payment_id, saga,
};
use serde_json::{Value, json};

use crate::world::{World, code};

/// The saga of this order needs a person, because its shipment has not left.
fn stuck(number: u64) -> Told {
    let (order_id, reason) = (order_id(number), OperatorReason::DispatchOverdue);
    saga(
        order_id,
        FulfilmentEvent::OperatorNeeded { order_id, reason },
    )
}

/// The saga of this order waits for a timer that is due so many seconds after the beginning.
fn waiting(number: u64, due: u64) -> Told {
    let order_id = order_id(number);
    saga(
        order_id,
        FulfilmentEvent::TimerScheduled {
            order_id,
            timer_id: id(0x31, number),
            purpose: TimerPurpose::Resend {
                step: Step::Reserving,
                attempt: 1,
            },
            due_at: at(due),
        },
    )
}

/// An order that is completed, and whose saga says which payment it began.
fn paid(number: u64) -> Vec<Told> {
    let (order_id, payment_id) = (order_id(number), payment_id(number));
    let initiate = PaymentCommand::Initiate(InitiatePayment {
        payment_id,
        order_id,
        amount: euro(2500),
        method_token: "tok_ok".to_owned(),
        capture_mode: CaptureMode::Manual,
    });
    let command = TargetedCommand::Payment {
        payment_id,
        command: initiate,
    };
    let issued = IssuedCommand {
        command_id: id(0x43, number),
        command,
    };
    let issuing = FulfilmentEvent::CommandsIssued {
        order_id,
        issue_id: id(0x42, number),
        step: Step::Reserving,
        attempt: 1,
        commands: vec![issued],
    };
    let mut story = journeys::completed(number, 98);
    // Behind the placing and the beginning.
    story.insert(2, saga(order_id, issuing));
    story
}

async fn shop() -> World {
    let mut story = journeys::catalogue();
    story.extend(paid(1));
    story.extend(Journey::placed(2).told());
    story.push(stuck(2));
    story.extend(Journey::placed(3).told());
    story.push(waiting(3, 100));
    story.extend(Journey::placed(4).told());
    story.push(waiting(4, 500));
    World::after(story).await
}

/// The orders of a list of sagas.
fn orders(nodes: &Value) -> Vec<String> {
    let nodes = nodes.as_array().expect("a list").iter();
    nodes
        .map(|node| node["orderId"].as_str().expect("an id").to_owned())
        .collect()
}

#[tokio::test]
async fn a_story_has_all_that_happened_to_a_saga() {
    let world = shop().await;
    let query = format!(
        "{{ saga(orderId: \"{}\") {{ story {{
            position
            standing {{ waitsFor overdue advice }}
            steps {{ nodes {{ step endedAt }} }}
            commands {{ nodes {{ step attempt command {{ name accepted }} answeredAt }} }}
            timers {{ nodes {{ purpose state }} }}
            calls {{ nodes {{ operation amount {{ formatted }} outcome }} }}
            compensations {{ nodes {{ what }} }}
            moments {{ nodes {{ title source }} }}
        }} }} }}",
        order_id(1)
    );
    let story = &world.data(&query).await["saga"]["story"];
    assert_eq!(story["standing"]["waitsFor"], "nothing: it has ended");
    let steps = story["steps"]["nodes"].as_array().expect("a list");
    assert_eq!(
        steps.iter().map(|step| &step["step"]).collect::<Vec<_>>(),
        [
            "RESERVING",
            "AUTHORIZING",
            "PREPARING",
            "CAPTURING",
            "AWAITING_DELIVERY",
            "COMPLETED"
        ]
    );
    assert_eq!(steps[5]["endedAt"], Value::Null);
    assert_eq!(
        story["commands"]["nodes"][0]["command"],
        json!({ "name": "Initiate", "accepted": null })
    );
    let command = &story["commands"]["nodes"][1];
    assert_eq!(
        command["command"],
        json!({ "name": "Confirm", "accepted": true })
    );
    assert!(command["answeredAt"].is_string(), "{command}");
    assert_eq!(
        story["timers"]["nodes"],
        json!([{ "purpose": "DELIVERY_OVERDUE", "state": "CANCELLED" }])
    );
    let call = |operation| json!({ "operation": operation, "amount": { "formatted": "25.00 EUR" }, "outcome": "DONE" });
    assert_eq!(
        story["calls"]["nodes"],
        json!([call("AUTHORIZE"), call("CAPTURE")])
    );
    assert_eq!(story["compensations"]["nodes"], json!([]));
    let moments = &story["moments"]["nodes"];
    assert_eq!(
        moments[0],
        json!({ "title": "Order placed", "source": "ORDER" })
    );
}

#[tokio::test]
async fn the_pages_of_a_story_are_of_one_story() {
    let world = shop().await;
    let read = async |arguments: &str| {
        let query = format!(
            "{{ saga(orderId: \"{}\") {{ story(upTo: \"20\") {{ position
                moments({arguments}) {{ nodes {{ position }} pageInfo {{ hasNextPage endCursor }} }} }} }} }}",
            order_id(1)
        );
        world.data(&query).await["saga"]["story"].clone()
    };
    let positions = |story: &Value| -> Vec<Value> {
        let nodes = story["moments"]["nodes"].as_array().expect("a list");
        nodes.iter().map(|node| node["position"].clone()).collect()
    };
    let whole = read("first: 100").await;
    let (mut joined, mut after) = (Vec::new(), String::new());
    loop {
        let page = read(&format!("first: 4{after}")).await;
        joined.extend(positions(&page));
        if page["moments"]["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = format!(", after: {}", page["moments"]["pageInfo"]["endCursor"]);
    }
    assert!(joined.len() > 4);
    assert_eq!(joined, positions(&whole));
    let last: u64 = whole["position"]
        .as_str()
        .expect("digits")
        .parse()
        .expect("a number");
    assert!(last <= 20, "{last}");
}

#[tokio::test]
async fn those_that_need_somebody_are_counted_and_listed() {
    let world = shop().await;
    let query = "{ needsOperator { count sagas { nodes { orderId operatorNeeded { code } } } } }";
    let data = world.data(query).await;
    let needing = &data["needsOperator"];
    assert_eq!(needing["count"], "1");
    assert_eq!(
        orders(&needing["sagas"]["nodes"]),
        [order_id(2).to_string()]
    );
    let code = &needing["sagas"]["nodes"][0]["operatorNeeded"]["code"];
    assert_eq!(code, "DISPATCH_OVERDUE");

    world
        .tell([saga(
            order_id(2),
            FulfilmentEvent::StepEntered {
                order_id: order_id(2),
                step: Step::AwaitingDelivery,
            },
        )])
        .await;
    assert_eq!(world.data(query).await["needsOperator"]["count"], "0");
}

#[tokio::test]
async fn a_timer_that_is_behind_its_time_finds_its_saga() {
    let world = shop().await;
    for (seconds, expected) in [(100, vec![]), (101, vec![3]), (501, vec![3, 4])] {
        let query = format!(
            "{{ sagas(filter: {{ dueBefore: \"{}\" }}) {{ nodes {{ orderId }} }} }}",
            at(seconds).to_rfc3339()
        );
        let expected: Vec<_> = expected
            .into_iter()
            .map(|one| order_id(one).to_string())
            .collect();
        assert_eq!(
            orders(&world.data(&query).await["sagas"]["nodes"]),
            expected
        );
    }
    let query = format!(
        "{{ saga(orderId: \"{}\") {{ story {{ standing {{ overdue advice }} }} }} }}",
        order_id(3)
    );
    let standing = &world.data(&query).await["saga"]["story"]["standing"];
    let (overdue, advice) = (
        standing["overdue"].to_string(),
        standing["advice"].to_string(),
    );
    assert!(overdue.contains("send commands again"), "{overdue}");
    assert!(advice.contains("orderlog dead-letter list"), "{advice}");
}

#[tokio::test]
async fn a_chain_is_found_by_its_correlation_id() {
    let world = shop().await;
    let query = format!(
        "{{ order(id: \"{}\") {{ timeline(first: 1) {{ nodes {{ correlationId commandId eventId }} }} }} }}",
        order_id(2)
    );
    let data = world.data(&query).await;
    let first = &data["order"]["timeline"]["nodes"][0];
    let graph = |id: &str| {
        format!(
            "{{ causationGraph(correlationId: \"{id}\") {{ truncated commands {{ nodes {{
                id cause record {{ name refusal }} events {{ id eventType }} }} }} }} }}"
        )
    };
    let id = first["correlationId"].as_str().expect("an id");
    let found = world.data(&graph(id)).await;
    assert_eq!(
        found["causationGraph"],
        json!({ "truncated": false, "commands": { "nodes": [{
            "id": first["commandId"],
            "cause": null,
            "record": { "name": "Tell", "refusal": null },
            "events": [{ "id": first["eventId"], "eventType": "OrderPlaced" }],
        }] } })
    );
    let none = world
        .data(&graph("00000000-0000-0000-0000-000000000000"))
        .await;
    assert_eq!(none["causationGraph"], Value::Null);
}

#[tokio::test]
async fn what_cannot_be_asked_of_a_story_is_refused() {
    let world = shop().await;
    let ask = async |argument: &str| {
        let query = format!(
            "{{ saga(orderId: \"{}\") {{ story {argument} {{ steps(after: \"x\") {{ nodes {{ step }} }} }} }} }}",
            order_id(1)
        );
        world.ask(&query).await
    };
    assert_eq!(code(&ask("").await), "BAD_USER_INPUT");
    assert_eq!(code(&ask("(upTo: \"-1\")").await), "BAD_USER_INPUT");
}
