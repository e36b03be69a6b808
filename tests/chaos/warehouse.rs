//! What the shop sells, and the deliveries that arrive at its warehouse.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{chance::Chance, client::Client};

/// Products that nobody runs short of, and their prices in cents.
pub(crate) const PLENTIFUL: [(&str, i64); 6] = [
    ("MUG-BLUE", 1_290),
    ("TEAPOT-1L", 4_900),
    ("TEA-SENCHA", 1_150),
    ("LANTERN", 1_699),
    ("PEN-FINE", 275),
    ("LAMP-DESK", 11_900),
];

/// A product of which there are three.
pub(crate) const SCARCE: &str = "GRAIL-1";

/// A product that costs nothing.
pub(crate) const FREE: &str = "SAMPLE-0";

/// Pieces received at the start.
const PLENTY: u32 = 100_000;

/// Registers the products and receives their stock.
pub(crate) async fn open(client: &Client, chance: &mut Chance) {
    let plenty = PLENTIFUL.map(|(sku, cents)| (sku, cents, PLENTY));
    for (sku, cents, pieces) in plenty
        .into_iter()
        .chain([(SCARCE, 24_900, 3), (FREE, 0, PLENTY)])
    {
        let price = json!({ "amount_minor": cents, "currency": "EUR" });
        let tax = json!({ "basis_points": 1900, "inclusive": true });
        let product = json!({ "sku": sku, "name": sku, "unit_price": price, "tax": tax });
        for (path, body) in [
            ("/products".to_owned(), product),
            ("/stock".to_owned(), json!({ "sku": sku })),
            (
                format!("/stock/{sku}/receipts"),
                json!({ "receipt_id": format!("first-{sku}"), "quantity": pieces }),
            ),
        ] {
            let sent = client.send(chance, Uuid::now_v7(), &path, &body).await;
            assert!(sent.is_some(), "{path} is not taken");
        }
    }
}

/// Receives some more now and then.
pub(crate) async fn receive(client: Arc<Client>, mut chance: Chance, stop: CancellationToken) {
    while !stop.is_cancelled() {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (sku, _) = PLENTIFUL[chance.below(PLENTIFUL.len())];
        let key = Uuid::now_v7();
        let receipt = json!({ "receipt_id": key.to_string(), "quantity": 1 + chance.below(50) });
        let path = format!("/stock/{sku}/receipts");
        client.send(&mut chance, key, &path, &receipt).await;
    }
}
