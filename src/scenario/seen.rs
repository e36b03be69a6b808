//! What can be seen of an order from outside, by one GraphQL query: it, its payment, its saga, and the
//! stock of what it orders.

use std::num::ParseIntError;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use uuid::Uuid;

use super::ending::{Ending, Ledger, Level};

pub(super) const QUERY: &str = "query($id: UUID!, $sku: String!) {
  order(id: $id) {
    status rejection { code } cancellation { by }
    payment {
      id state reconciliations
      authorized { amountMinor } captured { amountMinor }
      refunded { amountMinor } voided { amountMinor }
    }
  }
  saga(orderId: $id) {
    step status waitsFor version timers { purpose dueAt } operatorNeeded { code detail }
  }
  stock(sku: $sku) { onHand held confirmed }
}";

/// GraphQL's `Long`: digits in a string.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(try_from = "String")]
struct Long(i64);

impl TryFrom<String> for Long {
    type Error = ParseIntError;

    fn try_from(digits: String) -> Result<Self, ParseIntError> {
        digits.parse().map(Self)
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Seen {
    pub(super) order: Option<Order>,
    pub(super) saga: Option<Saga>,
    pub(super) stock: Option<Stock>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Order {
    pub(super) status: String,
    pub(super) rejection: Option<Rejection>,
    pub(super) cancellation: Option<Cancellation>,
    pub(super) payment: Option<Payment>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Rejection {
    pub(super) code: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Cancellation {
    pub(super) by: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Payment {
    pub(super) id: Uuid,
    pub(super) state: String,
    pub(super) reconciliations: i64,
    authorized: Money,
    captured: Money,
    refunded: Money,
    voided: Money,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
struct Money {
    #[serde(rename = "amountMinor")]
    amount_minor: Long,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Saga {
    pub(super) step: String,
    pub(super) status: String,
    pub(super) waits_for: String,
    version: Long,
    timers: Vec<Timer>,
    pub(super) operator_needed: Option<OperatorNeeded>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Timer {
    purpose: String,
    due_at: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct OperatorNeeded {
    pub(super) code: String,
    pub(super) detail: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stock {
    on_hand: Long,
    held: Long,
    confirmed: Long,
}

impl Seen {
    /// Status of the order; empty while there is none.
    pub(super) fn status(&self) -> &str {
        self.order.as_ref().map_or("", |order| &order.status)
    }

    /// The order's payment, once there is one.
    pub(super) fn payment(&self) -> Option<&Payment> {
        self.order.as_ref()?.payment.as_ref()
    }

    /// Whether the saga waits for this.
    pub(super) fn waits_for(&self, what: &str) -> bool {
        self.saga
            .as_ref()
            .is_some_and(|saga| saga.waits_for == what)
    }

    /// When the last timer of the saga is due that is more than an alarm.
    pub(super) fn due(&self) -> Option<DateTime<Utc>> {
        let timers = &self.saga.as_ref()?.timers;
        let is_alarm = |timer: &&Timer| timer.purpose.ends_with("_OVERDUE");
        let moving = timers.iter().filter(|timer| !is_alarm(timer));
        moving.map(|timer| timer.due_at).max()
    }

    /// Where everything stands.
    pub(super) fn ending(&self) -> Ending {
        let order = self.order.as_ref();
        let saga = self.saga.as_ref();
        Ending {
            order: self.status().to_owned(),
            rejected: order.and_then(|order| Some(order.rejection.as_ref()?.code.clone())),
            cancelled_by: order.and_then(|order| Some(order.cancellation.as_ref()?.by.clone())),
            payment: self.payment().map(|payment| payment.state.clone()),
            money: self.payment().map_or(Ledger::NONE, Payment::ledger),
            saga: saga.map_or_else(String::new, |saga| saga.status.clone()),
            operator: saga.and_then(|saga| Some(saga.operator_needed.as_ref()?.code.clone())),
            stock: self.stock.as_ref().map_or(Level::free(0), Stock::level),
        }
    }

    /// In one line.
    pub(super) fn line(&self) -> String {
        let mut line = self.status().to_owned();
        if let Some(payment) = self.payment() {
            line += &format!(", payment {}", payment.state);
        }
        if let Some(saga) = &self.saga {
            line += &format!(", saga {} {}", saga.step, saga.status);
            if saga.waits_for != "NOTHING" {
                line += &format!(", waits for {}", saga.waits_for);
            }
            if let Some(OperatorNeeded { code, detail }) = &saga.operator_needed {
                let detail = detail.as_deref().unwrap_or_default();
                line += &format!(", an operator: {code} {detail}");
            }
        }
        line
    }
}

impl Payment {
    fn ledger(&self) -> Ledger {
        Ledger {
            authorized: self.authorized.amount_minor.0,
            captured: self.captured.amount_minor.0,
            refunded: self.refunded.amount_minor.0,
            voided: self.voided.amount_minor.0,
        }
    }
}

impl Stock {
    fn level(&self) -> Level {
        Level {
            on_hand: self.on_hand.0,
            held: self.held.0,
            confirmed: self.confirmed.0,
        }
    }
}
