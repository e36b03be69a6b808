//! What was sold each day. Money is shown per currency and never summed across currencies.

use async_graphql::SimpleObject;
use chrono::NaiveDate;
use orderlog_projections::daily_sales;

use super::money::{Long, Money};

/// What was sold on one day.
#[derive(SimpleObject)]
pub struct DailySales {
    /// The day, in the shop's time zone.
    pub date: NaiveDate,
    /// Orders placed, in any currency.
    pub placed: Long,
    /// Orders confirmed that day.
    pub confirmed: Long,
    /// Orders that the shop could not honour.
    pub rejected: Long,
    /// Orders cancelled that day.
    pub cancelled: Long,
    /// Orders that arrived whole.
    pub completed: Long,
    /// Money, by currency.
    pub amounts: Vec<SalesAmounts>,
}

/// Money of one day in one currency.
#[derive(SimpleObject)]
pub struct SalesAmounts {
    /// ISO 4217 code.
    pub currency: String,
    /// Orders placed in this currency.
    pub orders: Long,
    /// Totals of the orders placed.
    pub gross: Money,
    /// Taken from customers.
    pub captured: Money,
    /// Given back to customers.
    pub refunded: Money,
}

impl DailySales {
    /// The day; of its money only `currency`, where one is named.
    pub(crate) fn of(day: &daily_sales::DailySales, currency: Option<&str>) -> Self {
        let wanted = |code: &str| currency.is_none_or(|currency| currency == code);
        let amounts = day.amounts.iter().filter(|(code, _)| wanted(code));
        Self {
            date: day.date,
            placed: day.placed.into(),
            confirmed: day.confirmed.into(),
            rejected: day.rejected.into(),
            cancelled: day.cancelled.into(),
            completed: day.completed.into(),
            amounts: amounts
                .map(|(code, amounts)| SalesAmounts::of(code, amounts))
                .collect(),
        }
    }
}

impl SalesAmounts {
    fn of(code: &str, amounts: &daily_sales::Amounts) -> Self {
        Self {
            currency: code.to_owned(),
            orders: amounts.orders.into(),
            gross: Money::sum(amounts.gross, code),
            captured: Money::sum(amounts.captured, code),
            refunded: Money::sum(amounts.refunded, code),
        }
    }
}
