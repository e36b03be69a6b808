//! `orderlog audit`: who did what, when, by which command and with which outcome, for one order or one
//! customer. Read from the log alone, beside a running shop. Next: `orderlog_projections::audit`.

mod csv;
mod text;

use clap::{Args as ClapArgs, Subcommand};
use orderlog_domain::ids::{CustomerId, OrderId};
use orderlog_log::event_store::StoreError;
use orderlog_projections::audit::{Report, of_customer, of_order};
use serde_json::json;

use super::{Failure, log::LogArgs, remote::print_json, runtime};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// All that was done about an order: by the customer, the saga, operators and the payment gateway.
    Order(OrderArgs),
    /// All that was done about the orders of a customer, and how he wants to be told.
    Customer(CustomerArgs),
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  orderlog audit order 0192f0c1-5c1e-7e0a-8a51-2f6a3d5f1b10\n  orderlog audit order 0192f0c1-5c1e-7e0a-8a51-2f6a3d5f1b10 --csv > order.csv"
)]
pub(super) struct OrderArgs {
    /// The order.
    #[arg(value_name = "ORDER")]
    order_id: OrderId,
    #[command(flatten)]
    shared: Shared,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Example:\n  orderlog audit customer ada --json\n\nThe orders are looked for in the whole log, which takes some seconds where it has millions of events."
)]
pub(super) struct CustomerArgs {
    /// The shop's own id of the customer.
    #[arg(value_name = "CUSTOMER", value_parser = |text: &str| CustomerId::parse(text))]
    customer_id: CustomerId,
    #[command(flatten)]
    shared: Shared,
}

#[derive(Debug, ClapArgs)]
struct Shared {
    #[command(flatten)]
    log: LogArgs,
    /// Print JSON.
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print comma-separated values: one line per event, and per command without one.
    #[arg(long)]
    csv: bool,
}

pub(super) fn run(verb: Verb) -> Result<(), Failure> {
    runtime()?.block_on(async {
        match verb {
            Verb::Order(args) => {
                let log = args.shared.log.open().await?;
                let found = of_order(log.as_ref(), args.order_id).await;
                let name = format!("order {}", args.order_id);
                args.shared.print(&name, found)
            }
            Verb::Customer(args) => {
                let log = args.shared.log.open().await?;
                let found = of_customer(log.as_ref(), &args.customer_id).await;
                let name = format!("customer {}", args.customer_id);
                args.shared.print(&name, found)
            }
        }
    })
}

impl Shared {
    fn print(&self, name: &str, found: Result<Option<Report>, StoreError>) -> Result<(), Failure> {
        let found = found.map_err(|error| Failure::failed(error.to_string()))?;
        let report = found.ok_or_else(|| {
            Failure::not_found(format!(
                "the log knows nothing of {name}, not even a refusal"
            ))
        })?;
        if self.csv {
            return csv::print(&report);
        }
        if self.json {
            return print_json(&json!({ "subject": name, "report": report }));
        }
        print!("{}", text::told(name, &report));
        Ok(())
    }
}
