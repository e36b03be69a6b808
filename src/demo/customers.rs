//! The demo's customers place their orders, one after the other, at the catalogue's prices. Those
//! that an earlier run has placed are passed over at once.

use orderlog_command_api::aggregates::Aggregates;
use orderlog_domain::{
    DecidedAt,
    ids::derive,
    money::Money,
    order::{OrderCommand, PlaceOrder, RequestedLine},
    product::Product,
};
use orderlog_log::clock::Clock;

use super::{
    DemoError, Pace,
    catalogue::DemoProduct,
    script::{DemoOrder, euro},
    sending::{Sent, send},
};

/// Places all orders of the demo.
pub(super) async fn place_orders(
    aggregates: &Aggregates,
    clock: &Clock,
    pace: Pace,
) -> Result<(), DemoError> {
    let mut turns = tokio::time::interval(pace.between_orders);
    for number in 1..=pace.orders {
        let order = DemoOrder::numbered(number);
        if place(aggregates, &order, clock.now()).await? == Sent::Now {
            turns.tick().await;
        }
    }
    tracing::info!(
        orders = pace.orders,
        "the demo has placed all of its orders and places no more"
    );
    Ok(())
}

async fn place(
    aggregates: &Aggregates,
    order: &DemoOrder,
    at: DecidedAt,
) -> Result<Sent, DemoError> {
    let mut lines = Vec::with_capacity(order.lines.len());
    for (product, quantity) in &order.lines {
        lines.push(requested(aggregates, product, *quantity, at).await?);
    }
    let place = PlaceOrder {
        order_id: order.id(),
        customer_id: order
            .customer()
            .parse()
            .expect("the script's customers are valid"),
        currency: euro(),
        lines,
        shipping: Money::zero(euro()),
        expected_total: None,
        payment_method: order.payment_method().map(str::to_owned),
        reference: Some(format!("demo-{}", order.number)),
    };
    let id = order.id().to_string();
    let command_id = derive(order.id().0, "place");
    send(
        &aggregates.orders,
        &id,
        OrderCommand::Place(place),
        command_id,
    )
    .await
}

/// A line at the price that the product has now.
async fn requested(
    aggregates: &Aggregates,
    product: &DemoProduct,
    quantity: u32,
    at: DecidedAt,
) -> Result<RequestedLine, DemoError> {
    let loaded = aggregates.products.load(product.sku).await?;
    let (Product::Listed(listing) | Product::Discontinued(listing)) = loaded.state.as_ref() else {
        return Err(DemoError::Command(format!(
            "{} is not in the catalogue",
            product.sku
        )));
    };
    Ok(RequestedLine {
        sku: listing.sku.clone(),
        name: listing.name.clone(),
        quantity: i64::from(quantity),
        unit_price: listing.price_at(at),
        discount: Money::zero(listing.unit_price.currency),
        tax: listing.tax,
        product_version: Some(loaded.version),
    })
}
