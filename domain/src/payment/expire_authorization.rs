//! What was held ran out. Sent by a timer; any worker may send it.

use serde::{Deserialize, Serialize};

use crate::DecidedAt;

use super::{Payment, PaymentEvent, PaymentRefusal};

/// Say that the authorization ran out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExpireAuthorization {}

impl ExpireAuthorization {
    pub(super) fn decide(
        self,
        payment: &Payment,
        at: DecidedAt,
    ) -> Result<Vec<PaymentEvent>, PaymentRefusal> {
        let order_id = payment.begun()?.order_id;
        let released = payment.money(payment.ledger.held())?;
        let Some(until) = payment.held_until else { return Ok(vec![]) };
        if released.is_zero() {
            return Ok(vec![]);
        }
        if at < until {
            return Err(PaymentRefusal::NotDue);
        }
        payment.idle()?;
        Ok(vec![PaymentEvent::PaymentAuthorizationExpired { order_id, released }])
    }
}
