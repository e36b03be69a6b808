//! Compensate: the order is stopped and all of it undone, now. Before the capture that means a void,
//! after it a refund; what has left stays with the customer, so from then on it is refused.

use serde::{Deserialize, Serialize};

use crate::order::CancelledBy;

use super::{
    CompensationReason, FulfilmentEvent, FulfilmentRefusal, Intervention, Step,
    compensating::turn_back, decision::Decision,
};

/// Turn back now, whatever the step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompensateNow {
    /// Who turns it back, and why; the order is told the same.
    pub intervention: Intervention,
}

impl CompensateNow {
    pub(super) fn decide(self, decision: &mut Decision) -> Result<(), FulfilmentRefusal> {
        self.intervention.check()?;
        decision.begun()?;
        let state = &decision.state;
        let step = state.step;
        if matches!(step, Step::Completed | Step::Compensated) {
            return Err(FulfilmentRefusal::Ended { step });
        }
        if let Some(parcel) = state.parcels.iter().find(|parcel| parcel.dispatched) {
            let shipment_id = parcel.shipment_id;
            return Err(FulfilmentRefusal::AlreadyDispatched { shipment_id });
        }
        if state.compensation.is_some() {
            return Err(FulfilmentRefusal::AlreadyCompensating);
        }
        decision.record(FulfilmentEvent::CompensationOrdered {
            order_id: decision.state.order_id(),
            step,
            intervention: self.intervention,
        });
        let by = CancelledBy::Operator;
        turn_back(decision, CompensationReason::CancellationRequested { by });
        Ok(())
    }
}
