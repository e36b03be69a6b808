//! Counts what became of each part of a plan, and what it adds up to. Next: the summary.

use orderlog_domain::{
    money::Money, order::OrderRefusal, product::ProductRefusal, refusal::Refusal,
    stock::StockRefusal,
};

use super::{
    fault::RefusedInvoice,
    ids::order_of,
    invoice::{Invoice, InvoiceKind},
    matching::Mismatch,
    planning::{Cancellation, PlannedProduct},
    sending::Reply,
    summary::{Detail, Fate, RefusedGoods, Summary, Taken, Totals},
};

/// Code of an invoice whose number was placed before with other lines.
const OTHER_CONTENT: &str = "import.other_content";

/// Code of a cancelling invoice whose sale was refused.
const SALE_REFUSED: &str = "import.sale_refused";

/// A summary that grows.
pub(super) struct Tally(Summary);

impl Tally {
    /// Nothing but the file's rows is counted yet.
    pub(super) fn new(rows: u64) -> Self {
        Self(Summary {
            rows,
            ..Summary::default()
        })
    }

    /// An invoice that can't be read.
    pub(super) fn unreadable(&mut self, refused: &RefusedInvoice) {
        let detail = Detail::refused(refused.line, &refused.number, None);
        self.refuse(detail, refused.fault.code(), refused.fault.to_string());
    }

    /// A cancelling invoice that takes back no whole sale.
    pub(super) fn unmatched(&mut self, invoice: &Invoice, mismatch: &Mismatch) {
        self.refuse(Detail::of(invoice), mismatch.code(), mismatch.to_string());
        self.add(invoice, |totals| &mut totals.refused_cancellations);
    }

    /// A sale that no order can hold.
    pub(super) fn unplaceable(&mut self, sale: &Invoice, refusal: &OrderRefusal) {
        self.refuse(Detail::of(sale), refusal.code(), refusal.to_string());
        self.add(sale, |totals| &mut totals.refused_sales);
    }

    /// A product's registration.
    pub(super) fn product(&mut self, product: &PlannedProduct, reply: &Reply<ProductRefusal>) {
        let exists = |refusal: &ProductRefusal| matches!(refusal, ProductRefusal::ProductExists);
        let refused = count(&mut self.0.products, reply, exists);
        self.refuse_goods(product, refused);
    }

    /// A product's receipt.
    pub(super) fn receipt(&mut self, product: &PlannedProduct, reply: &Reply<StockRefusal>) {
        let refused = count(&mut self.0.receipts, reply, |_| false);
        self.refuse_goods(product, refused);
        if let Reply::New(_) = reply {
            self.0.pieces_received += product.needed;
        }
    }

    /// A sale's placement.
    pub(super) fn sale(&mut self, sale: &Invoice, reply: &Reply<OrderRefusal>) {
        let order_id = Some(order_of(&sale.number).to_string());
        let detail = Detail {
            order_id,
            ..Detail::of(sale)
        };
        match outcome(reply) {
            Ok(repeated) => {
                let fate = if repeated {
                    Fate::AlreadyPlaced
                } else {
                    Fate::Placed
                };
                self.keep(Detail { fate, ..detail });
                self.add(sale, |totals| &mut totals.placed);
            }
            Err((code, reason)) => {
                self.refuse(detail, code, reason);
                self.add(sale, |totals| &mut totals.refused_sales);
            }
        }
    }

    /// A cancellation of a sale that was refused: the order of that number is another one.
    pub(super) fn baseless(&mut self, cancellation: &Cancellation) {
        let Cancellation { invoice, sale } = cancellation;
        self.refuse(
            Detail::of(invoice),
            SALE_REFUSED,
            format!("{sale} itself was refused"),
        );
        self.add(invoice, |totals| &mut totals.refused_cancellations);
    }

    /// A cancellation.
    pub(super) fn cancellation(
        &mut self,
        cancellation: &Cancellation,
        reply: &Reply<OrderRefusal>,
    ) {
        let Cancellation { invoice, sale } = cancellation;
        let order_id = Some(order_of(sale).to_string());
        let detail = Detail {
            order_id,
            ..Detail::of(invoice)
        };
        match outcome(reply) {
            Ok(repeated) => {
                let fate = if repeated {
                    Fate::AlreadyCancelled
                } else {
                    Fate::Cancelled
                };
                self.keep(Detail {
                    fate,
                    note: Some(format!("cancels {sale}")),
                    ..detail
                });
                self.add(invoice, |totals| &mut totals.cancelled);
            }
            Err((code, reason)) => {
                self.refuse(detail, code, format!("{sale} can't be cancelled: {reason}"));
                self.add(invoice, |totals| &mut totals.refused_cancellations);
            }
        }
    }

    /// The summary, with its invoices in the order of the file.
    pub(super) fn finish(self) -> Summary {
        let mut summary = self.0;
        summary.details.sort_by_key(|detail| detail.line);
        summary
    }

    fn keep(&mut self, detail: Detail) {
        *self.0.invoices.entry(detail.fate).or_default() += 1;
        self.0.details.push(detail);
    }

    fn refuse(&mut self, detail: Detail, code: &'static str, reason: String) {
        *self.0.reasons.entry(code).or_default() += 1;
        self.keep(Detail {
            code: Some(code),
            note: Some(reason),
            ..detail
        });
    }

    fn refuse_goods(&mut self, product: &PlannedProduct, refused: Option<(&'static str, String)>) {
        if let Some((code, reason)) = refused {
            self.0.refused_goods.push(RefusedGoods {
                sku: product.sku.to_string(),
                code,
                reason,
            });
        }
    }

    fn add(&mut self, invoice: &Invoice, part: impl Fn(&mut Totals) -> &mut Option<Money>) {
        let currency = invoice.total.currency;
        let totals = self.0.money.entry(currency.to_string());
        let sum = part(totals.or_insert_with(|| Totals::new(currency)));
        *sum = sum.and_then(|sum| sum.checked_add(invoice.total).ok());
    }
}

impl Detail {
    fn refused(line: u64, invoice: &str, total: Option<Money>) -> Self {
        Self {
            line,
            invoice: invoice.to_owned(),
            fate: Fate::Refused,
            total,
            order_id: None,
            code: None,
            note: None,
        }
    }

    /// Refused, until something better is known.
    fn of(invoice: &Invoice) -> Self {
        let Money {
            amount_minor,
            currency,
        } = invoice.total;
        let amount_minor = match invoice.kind {
            InvoiceKind::Sale => amount_minor,
            InvoiceKind::Cancelling => -amount_minor,
        };
        let total = Money::new(amount_minor, currency);
        Self::refused(invoice.line, &invoice.number, Some(total))
    }
}

/// Counts a reply, and answers the refusal where `exists` does not know it as "already there".
fn count<E: Refusal + std::fmt::Display>(
    taken: &mut Taken,
    reply: &Reply<E>,
    exists: impl Fn(&E) -> bool,
) -> Option<(&'static str, String)> {
    match reply {
        Reply::Refused(refusal) if exists(refusal) => taken.already_there += 1,
        reply => match outcome(reply) {
            Ok(true) => taken.already_there += 1,
            Ok(false) => taken.new += 1,
            Err(refused) => {
                taken.refused += 1;
                return Some(refused);
            }
        },
    }
    None
}

/// Whether an earlier run did it, or the code and the reason why it was refused.
fn outcome<E: Refusal + std::fmt::Display>(
    reply: &Reply<E>,
) -> Result<bool, (&'static str, String)> {
    match reply {
        Reply::New(_) => Ok(false),
        Reply::Repeated(_) => Ok(true),
        Reply::Refused(refusal) => Err((refusal.code(), refusal.to_string())),
        Reply::IdReused => Err((
            OTHER_CONTENT,
            "it was taken before with other content".to_owned(),
        )),
    }
}
