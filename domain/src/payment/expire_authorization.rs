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
        let Some(until) = payment.held_until else {
            return Ok(vec![]);
        };
        if released.is_zero() {
            return Ok(vec![]);
        }
        if at < until {
            return Err(PaymentRefusal::NotDue);
        }
        payment.idle()?;
        Ok(vec![PaymentEvent::PaymentAuthorizationExpired {
            order_id,
            released,
        }])
    }
}

#[cfg(test)]
mod tests {
    use crate::payment::{
        ExpireAuthorization, Operation, PaymentCommand, PaymentRefusal, PaymentStatus, testing::*,
    };

    fn expire() -> PaymentCommand {
        PaymentCommand::ExpireAuthorization(ExpireAuthorization {})
    }

    #[test]
    fn what_is_held_runs_out_when_its_time_is_over_and_not_before() {
        given_at(8, &held())
            .when(expire())
            .then_expect_error(PaymentRefusal::NotDue);
        given_at(9, &held())
            .when(expire())
            .then_expect_events(vec![expired(100)]);
        assert_eq!(
            after(&and(held(), [expired(100)])).status(),
            PaymentStatus::Expired
        );
    }

    #[test]
    fn what_was_taken_stays_taken_when_the_rest_runs_out() {
        let life = and(held(), [capture_requested(60, false), captured(60, 60)]);
        given_at(9, &life)
            .when(expire())
            .then_expect_events(vec![expired(40)]);
        assert_eq!(
            after(&and(life, [expired(40)])).status(),
            PaymentStatus::Captured
        );
    }

    #[test]
    fn what_is_in_flight_ends_first() {
        let operation = Operation::Capture;
        given_at(9, &capturing())
            .when(expire())
            .then_expect_error(PaymentRefusal::OperationInFlight { operation });
    }

    #[test]
    fn where_nothing_is_held_nothing_runs_out() {
        for life in [authorizing(), taken(), and(held(), [expired(100)])] {
            given_at(9, &life).when(expire()).then_expect_events(vec![]);
        }
    }
}
