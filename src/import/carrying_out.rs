//! Carries a plan out: products and stock first, then the sales, then what cancels them, many
//! commands in flight. Every command has a derived id, so an import that was stopped anywhere
//! goes on when it is started again, and one that was finished changes nothing. Sales are left to
//! settle before any is cancelled, so that what a file comes to does not depend on who is faster.

use std::collections::HashSet;

use futures::{StreamExt, TryStreamExt, stream};
use orderlog_command_api::aggregates::{Aggregates, stock_id};
use orderlog_domain::{
    ids::{Sku, WarehouseId},
    order::{CancelledBy, OrderCommand, OrderRefusal, RequestCancellation},
    product::{ProductCommand, ProductRefusal, RegisterProduct},
    stock::{BackorderPolicy, ReceiveStock, RegisterStockItem, StockCommand, StockRefusal},
};
use uuid::Uuid;

use super::{
    ImportError, ids,
    order::NO_TAX,
    planning::{Cancellation, Plan, PlannedProduct, Sale},
    progress::Progress,
    sending::{Command, Reply, send},
    summary::Summary,
    tally::Tally,
};

/// Invoices, and products, in flight.
const IN_FLIGHT: usize = 64;

/// Sends what `plan` says and answers what became of it.
pub async fn carry_out(
    plan: Plan,
    file: Uuid,
    rows: u64,
    aggregates: &Aggregates,
    progress: &Progress,
    settled: &mut impl AsyncFnMut() -> Result<(), ImportError>,
) -> Result<Summary, ImportError> {
    let carrier = Carrier {
        aggregates,
        file,
        progress,
    };
    let mut tally = Tally::new(rows);
    plan.unreadable
        .iter()
        .for_each(|refused| tally.unreadable(refused));
    plan.unplaceable
        .iter()
        .for_each(|(invoice, refusal)| tally.unplaceable(invoice, refusal));
    plan.unmatched
        .iter()
        .for_each(|(invoice, mismatch)| tally.unmatched(invoice, mismatch));

    progress.begin("products", plan.products.len());
    for (product, replies) in carrier
        .all(&plan.products, |product| carrier.stock_up(product))
        .await?
    {
        tally.product(product, &replies.0);
        tally.receipt(product, &replies.1);
    }
    progress.begin("sales", plan.sales.len());
    let mut refused = HashSet::new();
    for (sale, reply) in carrier.all(&plan.sales, |sale| carrier.place(sale)).await? {
        tally.sale(&sale.invoice, &reply);
        if matches!(reply, Reply::Refused(_) | Reply::IdReused) {
            refused.insert(sale.invoice.number.clone());
        }
    }
    let (baseless, cancellations): (Vec<_>, Vec<_>) = plan
        .cancellations
        .into_iter()
        .partition(|one| refused.contains(&one.sale));
    baseless
        .iter()
        .for_each(|cancellation| tally.baseless(cancellation));
    if !cancellations.is_empty() {
        settled().await?;
    }
    progress.begin("cancellations", cancellations.len());
    for (cancellation, reply) in carrier
        .all(&cancellations, |cancellation| carrier.cancel(cancellation))
        .await?
    {
        tally.cancellation(cancellation, &reply);
    }
    progress.finish();
    Ok(tally.finish())
}

struct Carrier<'a> {
    aggregates: &'a Aggregates,
    file: Uuid,
    progress: &'a Progress,
}

impl<'a> Carrier<'a> {
    /// Does `each` for all, some at once, and answers in their order.
    async fn all<'t, T, R, F>(
        &self,
        them: &'t [T],
        each: impl Fn(&'t T) -> F,
    ) -> Result<Vec<(&'t T, R)>, ImportError>
    where
        F: Future<Output = Result<R, ImportError>>,
    {
        stream::iter(them)
            .map(|one| {
                let done = each(one);
                async move {
                    let reply = done.await?;
                    self.progress.step();
                    Ok((one, reply))
                }
            })
            .buffered(IN_FLIGHT)
            .try_collect()
            .await
    }

    /// Registers a product and its stock, and receives what the file needs of it.
    async fn stock_up(
        &self,
        product: &PlannedProduct,
    ) -> Result<(Reply<ProductRefusal>, Reply<StockRefusal>), ImportError> {
        let registered = self.register(product).await?;
        let stocked = self.register_stock(&product.sku).await?;
        match stocked {
            Reply::Refused(StockRefusal::AlreadyRegistered)
            | Reply::New(_)
            | Reply::Repeated(_) => Ok((registered, self.receive(product).await?)),
            Reply::Refused(_) | Reply::IdReused => Ok((registered, stocked)),
        }
    }

    async fn register(
        &self,
        product: &PlannedProduct,
    ) -> Result<Reply<ProductRefusal>, ImportError> {
        let PlannedProduct {
            sku,
            name,
            unit_price,
            ..
        } = product.clone();
        let command = Command::new(ids::for_product(self.file, "product", &sku));
        let register = RegisterProduct {
            sku,
            name,
            unit_price,
            tax: NO_TAX,
        };
        let id = product.sku.to_string();
        send(
            &self.aggregates.products,
            &id,
            ProductCommand::Register(register),
            command,
        )
        .await
    }

    async fn register_stock(&self, sku: &Sku) -> Result<Reply<StockRefusal>, ImportError> {
        let register = RegisterStockItem {
            sku: sku.clone(),
            warehouse: WarehouseId::main(),
            safety_stock: 0,
            low_stock_at: 0,
            backorder: BackorderPolicy::Deny,
        };
        self.stock(sku, "stock", StockCommand::Register(register))
            .await
    }

    async fn receive(&self, product: &PlannedProduct) -> Result<Reply<StockRefusal>, ImportError> {
        let sku = &product.sku;
        let receive = ReceiveStock {
            receipt_id: ids::for_product(self.file, "receipt", sku).to_string(),
            // More than fits is more than the stock item takes: it says so.
            quantity: u32::try_from(product.needed).unwrap_or(u32::MAX),
        };
        self.stock(sku, "receive", StockCommand::Receive(receive))
            .await
    }

    async fn stock(
        &self,
        sku: &Sku,
        verb: &str,
        stock: StockCommand,
    ) -> Result<Reply<StockRefusal>, ImportError> {
        let command = Command::new(ids::for_product(self.file, verb, sku));
        let id = stock_id(sku, &WarehouseId::main());
        send(&self.aggregates.stock, &id, stock, command).await
    }

    async fn place(&self, sale: &Sale) -> Result<Reply<OrderRefusal>, ImportError> {
        let order_id = sale.order.order_id;
        let fingerprint = ids::fingerprint(&sale.invoice);
        let command = Command::new(ids::placing(order_id)).with_fingerprint(fingerprint);
        let place = OrderCommand::Place(sale.order.clone());
        send(
            &self.aggregates.orders,
            &order_id.to_string(),
            place,
            command,
        )
        .await
    }

    async fn cancel(
        &self,
        cancellation: &Cancellation,
    ) -> Result<Reply<OrderRefusal>, ImportError> {
        let order_id = ids::order_of(&cancellation.sale);
        let number = &cancellation.invoice.number;
        let cancel = RequestCancellation {
            by: CancelledBy::Customer,
            reason: ids::cancellation_reason(number),
        };
        let command = Command::new(ids::cancelling(order_id, number));
        let id = order_id.to_string();
        send(
            &self.aggregates.orders,
            &id,
            OrderCommand::RequestCancellation(cancel),
            command,
        )
        .await
    }
}
