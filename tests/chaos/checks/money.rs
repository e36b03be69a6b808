//! The money of one order is where its end says: taken in full and given back as was asked for, held
//! in full, or neither held nor taken.

use orderlog_domain::{
    order::{Order, OrderStatus},
    payment::Payment,
};

use crate::journey::Journey;

/// Minor units.
#[derive(Debug, PartialEq, Eq)]
struct Purse {
    held: i64,
    /// And not given back.
    taken: i64,
}

pub(super) fn is_where_it_belongs(
    order: &Order,
    payments: &[Payment],
    journey: &Journey,
) -> Result<(), String> {
    let under_way = payments.iter().find(|payment| payment.in_flight.is_some());
    if let Some(payment) = under_way {
        return Err(format!("{:?} is still under way", payment.in_flight));
    }
    let found = Purse {
        held: payments.iter().map(|payment| payment.ledger.held()).sum(),
        taken: payments
            .iter()
            .map(|payment| payment.ledger.refundable())
            .sum(),
    };
    let total = order
        .placed
        .as_ref()
        .map_or(0, |placed| placed.total.amount_minor);
    let expected = match order.status {
        OrderStatus::Completed => Purse {
            held: 0,
            taken: total - journey.refunded,
        },
        OrderStatus::Confirmed => Purse {
            held: total,
            taken: 0,
        },
        OrderStatus::New
        | OrderStatus::Placed
        | OrderStatus::AwaitingPayment
        | OrderStatus::PartiallyShipped
        | OrderStatus::Shipped
        | OrderStatus::Cancelling
        | OrderStatus::Rejected
        | OrderStatus::Cancelled => Purse { held: 0, taken: 0 },
    };
    if found == expected {
        Ok(())
    } else {
        Err(format!(
            "{:?} of {total}: {found:?}, not {expected:?}",
            order.status
        ))
    }
}
