//! Resolve: the operator declares how it ended, by hand, where the process can't go on. It does
//! nothing more but undo what succeeds late: a payment of unknown outcome that turns out to have
//! been made after all is given back when the end is that nothing is left.

use serde::{Deserialize, Serialize};

use crate::payment::Operation;

use super::{
    Fulfilment, FulfilmentEvent, FulfilmentRefusal, Intervention, Resolution, SettledByHand, Step,
    decision::Decision,
};

/// Take it as ended by hand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResolveFulfilment {
    /// Who ends it, and why.
    pub intervention: Intervention,
    /// How it ended.
    pub resolution: Resolution,
}

impl ResolveFulfilment {
    pub(super) fn decide(self, decision: &mut Decision) -> Result<(), FulfilmentRefusal> {
        let Self {
            intervention,
            resolution,
        } = self;
        intervention.check()?;
        decision.begun()?;
        decision.stuck()?;
        let (order_id, step) = (decision.state.order_id(), decision.state.step);
        let settled = match (resolution, step) {
            // All but a late payment is undone already: that can't be completed any more.
            (Resolution::Completed, Step::Compensated) => {
                return Err(FulfilmentRefusal::Ended { step });
            }
            (Resolution::Completed, _) => vec![],
            (Resolution::Compensated, _) => left(&decision.state),
        };
        decision.record(FulfilmentEvent::FulfilmentResolved {
            order_id,
            step,
            resolution,
            intervention,
            settled,
        });
        match (resolution, step) {
            (Resolution::Completed, _) => {
                decision.end(FulfilmentEvent::FulfilmentCompleted { order_id });
            }
            (Resolution::Compensated, Step::Compensated) => decision.cancel_all_timers(),
            (Resolution::Compensated, _) => {
                decision.end(FulfilmentEvent::FulfilmentCompensated { order_id });
            }
        }
        Ok(())
    }
}

/// What, as far as is known, the gateway still holds or has taken: that was given back by hand.
fn left(state: &Fulfilment) -> Vec<SettledByHand> {
    let of = |account: &super::account::Account| {
        [Operation::Refund, Operation::Void].map(|operation| {
            let amount = account.to_be_undone(operation, state)?;
            Some(SettledByHand {
                payment_id: account.payment_id,
                operation,
                amount,
            })
        })
    };
    state.payments.iter().flat_map(of).flatten().collect()
}
