//! A payment begins: its terms are fixed, nothing is asked of the gateway yet.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{OrderId, PaymentId},
    money::Money,
};

use super::{CaptureMode, Payment, PaymentEvent, PaymentRefusal, Terms};

const LONGEST_TOKEN: usize = 200;

/// Begin a payment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InitiatePayment {
    /// The payment.
    pub payment_id: PaymentId,
    /// Its order.
    pub order_id: OrderId,
    /// What is to be paid.
    pub amount: Money,
    /// The gateway's token of the payment method.
    pub method_token: String,
    /// How money is taken.
    pub capture_mode: CaptureMode,
}

impl InitiatePayment {
    pub(super) fn decide(self, payment: &Payment) -> Result<Vec<PaymentEvent>, PaymentRefusal> {
        let Self {
            payment_id,
            order_id,
            amount,
            method_token,
            capture_mode,
        } = self;
        if amount.amount_minor <= 0 {
            return Err(PaymentRefusal::ZeroAmount { amount });
        }
        if !amount.currency.is_payable() {
            return Err(PaymentRefusal::UnsupportedCurrency {
                currency: amount.currency,
            });
        }
        check_text("method_token", &method_token, LONGEST_TOKEN)?;
        let terms = Terms {
            payment_id,
            order_id,
            amount,
            method_token,
        };
        match &payment.terms {
            Some(known) if *known == terms => Ok(vec![]),
            Some(_) => Err(PaymentRefusal::PaymentExists),
            None => {
                let Terms { method_token, .. } = terms;
                Ok(vec![PaymentEvent::PaymentInitiated {
                    payment_id,
                    order_id,
                    amount,
                    method_token,
                    capture_mode,
                }])
            }
        }
    }
}

pub(super) fn check_text(field: &str, text: &str, limit: usize) -> Result<(), PaymentRefusal> {
    let characters = text.chars().count();
    if text.trim().is_empty() || characters > limit {
        return Err(PaymentRefusal::InvalidText {
            field: field.to_owned(),
            characters,
            limit,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::{
        money::{Currency, Money},
        payment::{InitiatePayment, PaymentCommand, PaymentRefusal, testing::*},
    };

    #[test]
    fn a_payment_begins_once() {
        let command = || PaymentCommand::Initiate(initiate());
        given(&[]).when(command()).then_expect_events(initiated());
        given(&initiated())
            .when(command())
            .then_expect_events(vec![]);
        given(&held()).when(command()).then_expect_events(vec![]);
        let other = InitiatePayment {
            amount: euro(99),
            ..initiate()
        };
        given(&initiated())
            .when(PaymentCommand::Initiate(other))
            .then_expect_error(PaymentRefusal::PaymentExists);
    }

    #[test]
    fn a_payment_is_of_something() {
        for amount in [euro(0), euro(-1)] {
            given(&[])
                .when(PaymentCommand::Initiate(InitiatePayment {
                    amount,
                    ..initiate()
                }))
                .then_expect_error(PaymentRefusal::ZeroAmount { amount });
        }
    }

    #[test]
    fn nobody_pays_in_gold() {
        let currency = Currency::from_code("XAU").expect("a currency");
        let amount = Money::new(100, currency);
        given(&[])
            .when(PaymentCommand::Initiate(InitiatePayment {
                amount,
                ..initiate()
            }))
            .then_expect_error(PaymentRefusal::UnsupportedCurrency { currency });
    }

    #[test]
    fn a_payment_names_its_method() {
        let (field, method_token) = ("method_token".to_owned(), " ".to_owned());
        given(&[])
            .when(PaymentCommand::Initiate(InitiatePayment {
                method_token,
                ..initiate()
            }))
            .then_expect_error(PaymentRefusal::InvalidText {
                field,
                characters: 1,
                limit: 200,
            });
    }
}
