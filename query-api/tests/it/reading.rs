//! What the API shows of a shop in which things have happened.

use orderlog_projections::testing::{journey::Journey, journeys, order_id, payment_id};
use serde_json::{Value, json};

use crate::world::{World, code};

/// Orders 1 to 6: two completed, then a declined, a cancelled, a half refunded one, and one that
/// has just been placed.
async fn shop() -> World {
    let mut story = journeys::catalogue();
    story.extend(journeys::completed(1, 98));
    story.extend(journeys::completed(2, 96));
    story.extend(journeys::declined(3));
    story.extend(journeys::cancelled(4));
    story.extend(journeys::half_refunded(5, 94));
    story.extend(Journey::placed(6).told());
    World::after(story).await
}

/// The references of the orders that a filter finds.
async fn found(world: &World, filter: &str) -> Vec<String> {
    let query = format!("{{ orders(filter: {{ {filter} }}) {{ nodes {{ reference }} }} }}");
    let data = world.data(&query).await;
    let nodes = data["orders"]["nodes"].as_array().expect("a list").iter();
    nodes
        .map(|node| node["reference"].as_str().expect("text").to_owned())
        .collect()
}

#[tokio::test]
async fn an_order_shows_all_that_hangs_on_it() {
    let world = shop().await;
    let query = format!(
        "{{ order(id: \"{}\") {{
            reference status paymentStatus fulfillmentStatus
            customer {{ id totals {{ orders ordered {{ currency orders total {{ formatted }} }} }} }}
            lines {{ line sku quantity total {{ amountMinor currency formatted }} }}
            total {{ formatted }} captured {{ formatted }}
            shipments {{ phase carrier tracking warehouse lines {{ sku quantity }} }}
            payment {{ state captured {{ formatted }} order {{ reference }} }}
            payments {{ nodes {{ state }} }}
            saga {{ step status waitsFor }}
            notifications {{ nodes {{ kind status text }} }}
            timeline(first: 2) {{ nodes {{ title source facts {{ name text }} }} pageInfo {{ hasNextPage }} }}
        }} }}",
        order_id(1)
    );
    let order = &world.data(&query).await["order"];
    assert_eq!(order["status"], "COMPLETED");
    assert_eq!(order["paymentStatus"], "PAID");
    assert_eq!(order["fulfillmentStatus"], "DELIVERED");
    assert_eq!(
        order["lines"][0]["total"],
        json!({ "amountMinor": "2000", "currency": "EUR", "formatted": "20.00 EUR" })
    );
    assert_eq!(order["total"]["formatted"], "25.00 EUR");
    assert_eq!(order["customer"]["id"], "customer-1");
    assert_eq!(
        order["customer"]["totals"]["ordered"][0]["total"]["formatted"],
        "50.00 EUR"
    );
    assert_eq!(order["shipments"][0]["tracking"], "T1");
    assert_eq!(order["payment"]["state"], "CAPTURED");
    assert_eq!(order["payment"]["order"]["reference"], "R-1");
    assert_eq!(order["payments"]["nodes"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        order["saga"],
        json!({ "step": "COMPLETED", "status": "COMPLETED", "waitsFor": "NOTHING" })
    );
    assert_eq!(
        order["notifications"]["nodes"].as_array().map(Vec::len),
        Some(2)
    );
    assert_eq!(order["timeline"]["nodes"][0]["title"], "Order placed");
    assert_eq!(order["timeline"]["pageInfo"]["hasNextPage"], true);
}

#[tokio::test]
async fn the_pages_of_a_timeline_joined_are_the_timeline() {
    let world = shop().await;
    let page = async |first: usize, after: &str| {
        let query = format!(
            "{{ order(id: \"{}\") {{ timeline(first: {first}{after}) {{
                nodes {{ position title source }} pageInfo {{ hasNextPage endCursor }} }} }} }}",
            order_id(1)
        );
        world.data(&query).await["order"]["timeline"].take()
    };
    let whole = page(100, "").await;
    assert_eq!(whole["pageInfo"]["hasNextPage"], false);
    let (mut joined, mut after) = (Vec::new(), String::new());
    loop {
        let some = page(3, &after).await;
        joined.extend(some["nodes"].as_array().expect("a list").clone());
        if some["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = format!(", after: {}", some["pageInfo"]["endCursor"]);
    }
    assert!(joined.iter().any(|entry| entry["source"] == "STOCK"));
    assert_eq!(whole["nodes"], json!(joined));
    let of_orders = world
        .data("{ orders(first: 1) { pageInfo { endCursor } } }")
        .await;
    let query = format!(
        "{{ order(id: \"{}\") {{ timeline(after: {}) {{ nodes {{ title }} }} }} }}",
        order_id(1),
        of_orders["orders"]["pageInfo"]["endCursor"]
    );
    let refused = &world.ask(&query).await["errors"][0];
    assert_eq!(refused["extensions"]["code"], "BAD_USER_INPUT", "{refused}");
}

#[tokio::test]
async fn what_does_not_exist_is_null_and_no_error() {
    let world = World::new().await;
    let id = order_id(9);
    let query = format!(
        "{{ order(id: \"{id}\") {{ id }} payment(id: \"{id}\") {{ id }} saga(orderId: \"{id}\") {{ step }}
            product(sku: \"NONE\") {{ sku }} stock(sku: \"NONE\") {{ sku }} customer(id: \"nobody\") {{ id }} }}"
    );
    let data = world.data(&query).await;
    assert!(
        data.as_object()
            .expect("an object")
            .values()
            .all(Value::is_null),
        "{data}"
    );
}

#[tokio::test]
async fn every_filter_finds_what_it_says_newest_first() {
    let world = shop().await;
    for (filter, references) in [
        ("", vec!["R-6", "R-5", "R-4", "R-3", "R-2", "R-1"]),
        ("customer: \"customer-1\"", vec!["R-4", "R-1"]),
        ("status: COMPLETED", vec!["R-5", "R-2", "R-1"]),
        ("status: [REJECTED, CANCELLED]", vec!["R-4", "R-3"]),
        ("paymentStatus: [PARTIALLY_REFUNDED]", vec!["R-5"]),
        ("paymentStatus: [DECLINED, VOIDED]", vec!["R-4", "R-3"]),
        ("fulfillmentStatus: [UNFULFILLED]", vec!["R-6"]),
        ("placedFrom: \"2025-12-31T22:30:05Z\"", vec!["R-6", "R-5"]),
        ("placedBefore: \"2025-12-31T22:30:03Z\"", vec!["R-2", "R-1"]),
        (
            "placedFrom: \"2025-12-31T22:30:02Z\", placedBefore: \"2025-12-31T22:30:04Z\"",
            vec!["R-3", "R-2"],
        ),
        ("sku: \"TEA\", status: PLACED", vec!["R-6"]),
        ("sku: \"COFFEE\"", vec![]),
        ("reference: \"R-3\"", vec!["R-3"]),
    ] {
        assert_eq!(found(&world, filter).await, references, "{filter}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_a_gap() {
    let world = World::after((1..=45).flat_map(|n| Journey::placed(n).told())).await;
    let none = world.data("{ orders(first: 0) { nodes { id } } }").await;
    assert_eq!(none["orders"]["nodes"], json!([]));
    let (mut seen, mut after) = (vec![], Value::Null);
    loop {
        let query = "query($after: String) { orders(first: 7, after: $after) {
            edges { cursor node { reference } } pageInfo { hasNextPage endCursor } } }";
        let answer = world.ask_with(query, json!({ "after": after })).await;
        let page = &answer["data"]["orders"];
        for edge in page["edges"].as_array().expect("a list") {
            seen.push(edge["node"]["reference"].as_str().expect("text").to_owned());
        }
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    let expected: Vec<_> = (1..=45).rev().map(|n| format!("R-{n}")).collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn arguments_that_cannot_be_right_are_refused_by_name() {
    let world = World::new().await;
    for (query, name) in [
        ("{ orders(first: 101) { nodes { id } } }", "first"),
        ("{ orders(first: -1) { nodes { id } } }", "first"),
        ("{ orders(after: \"x\") { nodes { id } } }", "after"),
        (
            "{ orders(filter: { customer: \"\" }) { nodes { id } } }",
            "filter.customer",
        ),
        ("{ product(sku: \" TEA\") { sku } }", "sku"),
        (
            "{ stock(sku: \"TEA\", warehouse: \"Main\") { sku } }",
            "warehouse",
        ),
        (
            "{ dailySales(from: \"2026-01-02\", to: \"2026-01-01\") { date } }",
            "from, to",
        ),
        (
            "{ dailySales(from: \"2020-01-01\", to: \"2026-01-01\") { date } }",
            "from, to",
        ),
        (
            "{ dailySales(from: \"2026-01-01\", to: \"2026-01-01\", currency: \"XYZ\") { date } }",
            "currency",
        ),
    ] {
        let answer = world.ask(query).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT", "{query}");
        let message = answer["errors"][0]["message"].as_str().expect("a message");
        assert!(message.starts_with(&format!("{name}: ")), "{message}");
    }
    for query in [
        "{ order(id: \"x\") { id } }",
        "{ nothing }",
        "{ order",
        "{ orders { nodes } }",
    ] {
        assert_eq!(code(&world.ask(query).await), "BAD_USER_INPUT", "{query}");
    }
}

#[tokio::test]
async fn the_shop_is_seen_from_every_side() {
    let world = shop().await;
    let data = world
        .data(&format!(
            "{{ product(sku: \"TEA\") {{ name unitPrice {{ formatted }} stock {{ nodes {{ available }} }} }}
            products(discontinued: false) {{ nodes {{ sku }} }}
            stock(sku: \"TEA\") {{ onHand held confirmed available low product {{ name }} }}
            stockLevels(filter: {{ low: false, warehouse: \"main\", sku: \"TEA\" }}) {{ nodes {{ sku }} }}
            payment(id: \"{}\") {{ state refunded {{ formatted }} refunds {{ amount {{ formatted }} }} }}
            payments(state: [DECLINED]) {{ nodes {{ failure }} }}
            sagas(filter: {{ status: [COMPLETED] }}) {{ nodes {{ step commandsIssued issues {{ commands {{ name accepted }} }} }} }} }}",
            payment_id(5)
        ))
        .await;
    assert_eq!(data["product"]["unitPrice"]["formatted"], "10.00 EUR");
    assert_eq!(data["products"]["nodes"][0]["sku"], "TEA");
    assert_eq!(data["stock"]["onHand"], "94");
    assert_eq!(data["stock"]["available"], "89");
    assert_eq!(data["stock"]["product"]["name"], "Tea");
    assert_eq!(data["stockLevels"]["nodes"][0]["sku"], "TEA");
    assert_eq!(data["payment"]["state"], "PARTIALLY_REFUNDED");
    assert_eq!(
        data["payment"]["refunds"][0]["amount"]["formatted"],
        "12.50 EUR"
    );
    assert_eq!(
        data["payments"]["nodes"][0]["failure"],
        "insufficient_funds"
    );
    assert_eq!(
        data["sagas"]["nodes"][0]["issues"][0]["commands"][0],
        json!({ "name": "Confirm", "accepted": true })
    );
}

#[tokio::test]
async fn totals_are_per_currency_and_day() {
    let world = shop().await;
    let data = world
        .data(
            "{ dailySales(from: \"2025-12-31\", to: \"2026-01-01\", currency: \"EUR\") {
                date placed confirmed rejected cancelled completed
                amounts { currency orders gross { formatted } captured { formatted } refunded { formatted } } }
            other: dailySales(from: \"2025-12-31\", to: \"2025-12-31\", currency: \"USD\") { amounts { currency } }
            customer(id: \"customer-2\") { totals { orders } orders { nodes { reference } } notifications { nodes { kind } } }
            notifications(customerId: \"customer-1\", status: [SENT]) { nodes { kind orderId } } }",
        )
        .await;
    let day = &data["dailySales"][0];
    assert_eq!(
        (&day["date"], &day["placed"]),
        (&json!("2025-12-31"), &json!("6"))
    );
    assert_eq!(day["amounts"][0]["gross"]["formatted"], "150.00 EUR");
    assert_eq!(day["amounts"][0]["captured"]["formatted"], "75.00 EUR");
    assert_eq!(day["amounts"][0]["refunded"]["formatted"], "12.50 EUR");
    assert_eq!(data["other"][0]["amounts"], json!([]));
    assert_eq!(data["customer"]["totals"]["orders"], "2");
    assert_eq!(
        data["customer"]["orders"]["nodes"],
        json!([{ "reference": "R-5" }, { "reference": "R-2" }])
    );
    assert_eq!(
        data["notifications"]["nodes"].as_array().map(Vec::len),
        Some(3)
    );
}

#[tokio::test]
async fn projections_say_how_far_they_are() {
    let world = shop().await;
    let data = world
        .data("{ projections { name position lag parked activity } }")
        .await;
    let all = data["projections"].as_array().expect("a list");
    assert_eq!(all.len(), orderlog_projections::all(chrono_tz::UTC).len());
    for projection in all {
        assert_eq!(projection["lag"], "0", "{projection}");
        assert_eq!(projection["parked"], "0", "{projection}");
        assert_eq!(projection["activity"], "RUNNING", "{projection}");
    }
}

#[tokio::test]
async fn live_rows_equal_rebuilt_ones_and_are_served_as_before() {
    let world = shop().await;
    for (projection, equal) in world.rebuilt().await {
        assert!(equal, "{projection}");
    }
    assert_eq!(
        found(&world, "status: COMPLETED").await,
        ["R-5", "R-2", "R-1"]
    );
}
