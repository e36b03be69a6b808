//! Opens the demo's shop: registers its products and receives their stock. Ids are fixed, so
//! opening it again changes nothing.

use futures::{StreamExt, TryStreamExt, stream};
use orderlog_command_api::aggregates::{Aggregates, stock_id};
use orderlog_domain::{
    ids::{Sku, WarehouseId, derive},
    money::{Money, TaxRate},
    product::{ProductCommand, RegisterProduct},
    stock::{BackorderPolicy, ReceiveStock, RegisterStockItem, StockCommand},
};

use super::{
    DemoError,
    catalogue::{DemoProduct, PRODUCTS},
    script::{DEMO, euro},
    sending::send,
};

/// German value added tax, contained in the price.
const TAX: TaxRate = TaxRate {
    basis_points: 1_900,
    inclusive: true,
};

/// Registers all products and receives their stock.
pub(super) async fn open_shop(aggregates: &Aggregates) -> Result<(), DemoError> {
    stream::iter(PRODUCTS)
        .map(|product| offer(aggregates, product))
        .buffer_unordered(PRODUCTS.len())
        .try_collect()
        .await
}

async fn offer(aggregates: &Aggregates, product: DemoProduct) -> Result<(), DemoError> {
    let sku: Sku = product
        .sku
        .parse()
        .expect("the catalogue's numbers are valid");
    let warehouse = WarehouseId::main();
    let stock = stock_id(&sku, &warehouse);
    let command_id = |verb: &str| derive(DEMO, &format!("{verb}/{sku}"));

    let register = ProductCommand::Register(RegisterProduct {
        sku: sku.clone(),
        name: product.name.to_owned(),
        unit_price: Money::new(product.cents, euro()),
        tax: TAX,
    });
    send(
        &aggregates.products,
        product.sku,
        register,
        command_id("product"),
    )
    .await?;

    let register = StockCommand::Register(RegisterStockItem {
        sku: sku.clone(),
        warehouse,
        safety_stock: 0,
        low_stock_at: 5,
        backorder: BackorderPolicy::Deny,
    });
    send(&aggregates.stock, &stock, register, command_id("stock")).await?;

    let receive = StockCommand::Receive(ReceiveStock {
        receipt_id: format!("demo-{sku}"),
        quantity: product.stock,
    });
    send(&aggregates.stock, &stock, receive, command_id("receipt")).await?;
    Ok(())
}
