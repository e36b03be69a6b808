//! Placing an order. Prices, names and taxes are read from the catalogue now and are facts from
//! then on; the client may say what it expects to pay. Next: `PlaceOrder` in the domain decides.

use axum::extract::State;
use orderlog_domain::{
    DecidedAt,
    ids::{CustomerId, OrderId, Sku},
    money::Money,
    order::{Order, OrderCommand, OrderRefusal, PlaceOrder, PricedLine, RequestedLine},
    product::Product,
};
use orderlog_web::problem::Problem;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::catalogue::{Catalogue, catalogue, check_sold};
use crate::{
    amount::Amount,
    dispatch::Seen,
    openapi::{CommandHeaders, CommandProblems, Created},
    receipt::Answer,
    request::CommandRequest,
    rest::Api,
};

/// Lines for which the catalogue is asked: as many as the domain takes.
const MAX_LINES: usize = 1000;

/// An order.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an order")]
pub(super) struct NewOrder {
    /// Who orders; opaque: 1 to 64 letters, digits, `.`, `_`, `-`.
    #[schema(value_type = String, example = "ann")]
    customer_id: CustomerId,
    /// What is ordered: 1 to 1000 lines.
    lines: Vec<NewLine>,
    /// What shipping costs; nothing where absent.
    shipping: Option<Amount>,
    /// The total that the client reckons with; a difference is refused.
    expected_total: Option<Amount>,
    /// Token of the payment method; required unless nothing has to be paid.
    #[schema(example = "tok_ok")]
    payment_method: Option<String>,
    /// The customer's own reference.
    reference: Option<String>,
}

/// One line of an order.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a line such as {\"sku\":\"85123A\",\"quantity\":2}"
)]
struct NewLine {
    /// The product.
    #[schema(value_type = String, example = "85123A")]
    sku: Sku,
    /// Pieces wanted, from 1.
    #[schema(example = 2)]
    quantity: i64,
    /// Price of one piece that the client reckons with; a difference is refused.
    expected_unit_price: Option<Amount>,
}

/// Places an order. Its prices are those of the catalogue at this moment.
#[utoipa::path(post, path = "/orders", tag = "orders", params(CommandHeaders), request_body = NewOrder,
    responses(Created, CommandProblems))]
pub(super) async fn place_order(
    State(api): State<Api>,
    CommandRequest { body, sent }: CommandRequest<NewOrder>,
) -> Result<Answer, Problem> {
    let order_id = OrderId(Uuid::now_v7());
    let id = order_id.to_string();
    let products = match body.lines.len() {
        1..=MAX_LINES => {
            catalogue(
                &api,
                body.lines.iter().map(|line| line.sku.clone()).collect(),
            )
            .await?
        }
        _ => Catalogue::new(),
    };
    let executed = match body.priced(order_id, &products, api.clock.now()) {
        Ok(command) => {
            api.send::<Order>(&id, OrderCommand::Place(command), &sent)
                .await?
        }
        Err(refusal) => {
            let relied_on = products
                .iter()
                .map(|(sku, product)| Seen::of::<Product>(sku.as_str(), product.version))
                .collect();
            api.refuse::<Order>(&id, "Place", refusal, relied_on, &sent)
                .await?
        }
    };
    Ok(Answer::created::<Order>(executed))
}

impl NewOrder {
    /// The command with the catalogue's prices, or why the catalogue speaks against it.
    fn priced(
        self,
        order_id: OrderId,
        products: &Catalogue,
        at: DecidedAt,
    ) -> Result<PlaceOrder, OrderRefusal> {
        if self.lines.len() > MAX_LINES {
            return Err(OrderRefusal::TooManyLines {
                lines: self.lines.len(),
                limit: MAX_LINES,
            });
        }
        check_sold(products)?;
        let lines: Vec<RequestedLine> = self
            .lines
            .iter()
            .filter_map(|line| line.priced(products, at))
            .collect();
        let currency = lines
            .first()
            .ok_or(OrderRefusal::EmptyOrder)?
            .unit_price
            .currency;
        check_prices(&self.lines, &lines)?;
        Ok(PlaceOrder {
            order_id,
            customer_id: self.customer_id,
            currency,
            lines,
            shipping: self.shipping.map_or(Money::zero(currency), Money::from),
            expected_total: self.expected_total.map(Money::from),
            payment_method: self.payment_method,
            reference: self.reference,
        })
    }
}

impl NewLine {
    fn priced(&self, products: &Catalogue, at: DecidedAt) -> Option<RequestedLine> {
        let product = products.get(&self.sku)?;
        let listing = product.state.listing()?;
        let unit_price = listing.price_at(at);
        Some(RequestedLine {
            sku: self.sku.clone(),
            name: listing.name.clone(),
            quantity: self.quantity,
            unit_price,
            discount: Money::zero(unit_price.currency),
            tax: listing.tax,
            product_version: Some(product.version),
        })
    }
}

/// Compares the prices that the client reckons with. The refusal names the lines whose price is
/// another one, and what these lines make before tax.
fn check_prices(asked: &[NewLine], priced: &[RequestedLine]) -> Result<(), OrderRefusal> {
    let mut changed = Vec::new();
    let mut totals: Option<(Money, Money)> = None;
    for ((line, asked), priced) in (1..).zip(asked).zip(priced) {
        let Some(expected) = asked.expected_unit_price.map(Money::from) else {
            continue;
        };
        let current = priced.unit_price;
        if expected.currency != current.currency {
            return Err(OrderRefusal::CurrencyMismatch {
                line: Some(line),
                expected: current.currency,
                found: expected.currency,
            });
        }
        if expected == current {
            continue;
        }
        let overflow = |_| OrderRefusal::AmountOverflow { line: Some(line) };
        // The domain refuses a quantity that is none.
        let Ok(quantity) = u32::try_from(asked.quantity) else {
            continue;
        };
        let of_line = (
            expected.checked_mul(quantity).map_err(overflow)?,
            current.checked_mul(quantity).map_err(overflow)?,
        );
        totals = Some(match totals {
            Some((sum, now)) => (
                sum.checked_add(of_line.0).map_err(overflow)?,
                now.checked_add(of_line.1).map_err(overflow)?,
            ),
            None => of_line,
        });
        changed.push(PricedLine {
            line,
            sku: asked.sku.clone(),
            unit_price: current,
            total: of_line.1,
        });
    }
    match totals {
        Some((expected, computed)) => Err(OrderRefusal::TotalMismatch {
            expected,
            computed,
            lines: changed,
        }),
        None => Ok(()),
    }
}
