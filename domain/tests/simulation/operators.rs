//! Operators who intervene at any moment, rightly or not. What is refused changes nothing.

use orderlog_domain::{
    fulfilment::{
        CompensateNow, FulfilmentCommand, FulfilmentEvent, Intervention, Resolution,
        ResolveFulfilment, ResumeFulfilment, RetryStep, SkipStep,
    },
    ids::OrderId,
};

use crate::world::World;

/// What operators are still going to do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Operators {
    /// How many times they intervene.
    pub(crate) times: u32,
    /// Whether they also declare what was done by hand.
    pub(crate) work_by_hand: bool,
}

impl World {
    /// Once in a while, any verb for any order.
    pub(crate) fn operators_intervene(&mut self) {
        if self.operators.times == 0 || !self.chance.once_in(8) {
            return;
        }
        self.operators.times -= 1;
        let orders: Vec<OrderId> = self.sagas.keys().copied().collect();
        if orders.is_empty() {
            return;
        }
        let order_id = orders[self.chance.below(orders.len())];
        let command = self.any_verb(order_id);
        let decided = self.sagas[&order_id].0.decide(command, self.now);
        if let Ok(events) = decided {
            self.note(order_id, events);
        }
    }

    fn any_verb(&mut self, order_id: OrderId) -> FulfilmentCommand {
        let intervention = Intervention {
            actor: "ada".to_owned(),
            reason: "it seemed right".to_owned(),
        };
        let verbs = if self.operators.work_by_hand { 9 } else { 5 };
        match self.chance.below(verbs) {
            0 => FulfilmentCommand::CompensateNow(CompensateNow { intervention }),
            1 | 2 => FulfilmentCommand::RetryStep(RetryStep { intervention }),
            3 | 4 => FulfilmentCommand::Resume(ResumeFulfilment { intervention }),
            5 | 6 => FulfilmentCommand::SkipStep(SkipStep {
                intervention,
                amount: self.sagas[&order_id].0.at_stake(),
            }),
            last => FulfilmentCommand::Resolve(ResolveFulfilment {
                intervention,
                resolution: if last == 7 {
                    Resolution::Completed
                } else {
                    Resolution::Compensated
                },
            }),
        }
    }
}

/// Whether an operator has declared something to be done by hand.
pub(crate) fn is_by_hand(event: &FulfilmentEvent) -> bool {
    matches!(
        event,
        FulfilmentEvent::StepSkipped { .. } | FulfilmentEvent::FulfilmentResolved { .. }
    )
}
