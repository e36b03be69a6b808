//! Ids of an import, all derived: an order's from its invoice number, a receipt's from the file
//! and the product. So a second run sends the same commands under the same ids and changes nothing.

use orderlog_domain::{
    ids::{OrderId, Sku, derive},
    money::Currency,
};
use orderlog_log::event_store::Fingerprint;
use uuid::Uuid;

use super::invoice::Invoice;

/// Root of all ids of imports. Never changes: orders in logs are named after it.
const IMPORTS: Uuid = Uuid::from_u128(0x7c1d_9f0e_52ab_4c39_9d0e_6a41_c7e2_b830);

/// What stands before the number in the reason of a cancellation.
const CANCELLED_BY: &str = "cancelled by invoice ";

/// The file, told from others by its content and the currency that its prices are read in.
pub fn file_id(content: &[u8], currency: Currency) -> Uuid {
    let digest = blake3::hash(content);
    derive(IMPORTS, &format!("file/{currency}/{}", digest.to_hex()))
}

/// The order that an invoice becomes.
pub fn order_of(number: &str) -> OrderId {
    OrderId(derive(IMPORTS, &format!("invoice/{number}")))
}

/// Command that places an invoice.
pub fn placing(order: OrderId) -> Uuid {
    derive(order.0, "place")
}

/// Command by which a cancelling invoice cancels an order.
pub fn cancelling(order: OrderId, number: &str) -> Uuid {
    derive(order.0, &format!("cancel/{number}"))
}

/// Command of `verb` for a product of a file.
pub fn for_product(file: Uuid, verb: &str, sku: &Sku) -> Uuid {
    derive(file, &format!("{verb}/{sku}"))
}

/// The reason of a cancellation by the invoice `number`.
pub fn cancellation_reason(number: &str) -> String {
    format!("{CANCELLED_BY}{number}")
}

/// The cancelling invoice that a reason of [`cancellation_reason`] names.
pub fn cancelling_invoice(reason: &str) -> Option<&str> {
    reason.strip_prefix(CANCELLED_BY)
}

/// What makes two invoices of one number the same: customer, lines and prices, in any order and
/// whatever the products are called.
pub fn fingerprint(invoice: &Invoice) -> Fingerprint {
    let mut lines: Vec<String> = invoice
        .lines
        .iter()
        .map(|line| format!("{}\t{}\t{}", line.sku, line.unit_price, line.quantity))
        .collect();
    lines.sort_unstable();
    let content = format!(
        "{}\n{}\n{}",
        invoice.number,
        invoice.customer,
        lines.join("\n")
    );
    Fingerprint::of(content.as_bytes())
}
