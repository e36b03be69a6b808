//! Carrying commands to the aggregates, and what their events set off.

use chrono::TimeDelta;
use cqrs_es::Aggregate;
use orderlog_domain::{
    fact::Fact,
    fulfilment::{
        FulfilmentCommand, FulfilmentEvent, IssuedCommand, Observe, RecordReplies, Reply,
        ReplyOutcome, Step, TargetRefusal, TargetedCommand, history::Recorded, observed,
    },
    ids::{OrderId, PaymentId, Sku},
    order::{OrderCommand, OrderRefusal},
    payment::{Operation, PaymentCommand, PaymentEvent, PaymentRefusal},
    refusal::Refusal,
    stock::{ExpireReservation, StockCommand, StockEvent, StockItem, StockRefusal},
};
use uuid::Uuid;

use crate::{
    gateway::Script,
    world::{Due, Task, World},
};

impl World {
    pub(crate) fn execute(&mut self, order_id: OrderId, issue: Uuid, issued: IssuedCommand) {
        let outcome = match self.command_log.get(&issued.command_id) {
            Some(outcome) => outcome.clone(),
            None => self.execute_first(issued.command_id, issued.command),
        };
        let reply = Reply {
            command_id: issued.command_id,
            outcome,
        };
        let Some((wanted, replies)) = self.replies.get_mut(&issue) else {
            return;
        };
        if replies
            .iter()
            .all(|known| known.command_id != reply.command_id)
        {
            replies.push(reply);
        }
        if replies.len() == *wanted {
            let replies = RecordReplies {
                issue,
                replies: replies.clone(),
            };
            self.tasks.push(Task::Reply(order_id, replies));
        }
    }

    fn execute_first(&mut self, command_id: Uuid, command: TargetedCommand) -> ReplyOutcome {
        let refusal = match command {
            TargetedCommand::Stock { sku, command, .. } => {
                self.ask_stock(&sku, command).map_err(TargetRefusal::Stock)
            }
            TargetedCommand::Payment {
                payment_id,
                command,
            } => self
                .ask_payment(payment_id, command)
                .map_err(TargetRefusal::Payment),
            TargetedCommand::Order { order_id, command } => self
                .ask_order(order_id, command)
                .map_err(TargetRefusal::Order),
        };
        let (outcome, is_recorded) = match refusal {
            Ok(()) => (ReplyOutcome::Accepted, true),
            Err(refusal) => {
                let is_recorded = refusal.class().is_recorded();
                (ReplyOutcome::Refused(refusal), is_recorded)
            }
        };
        if is_recorded {
            self.command_log.insert(command_id, outcome.clone());
        }
        outcome
    }

    pub(crate) fn ask_order(
        &mut self,
        order_id: OrderId,
        command: OrderCommand,
    ) -> Result<(), OrderRefusal> {
        let (order, plan) = self
            .orders
            .get_mut(&order_id)
            .expect("an order of this world");
        let events = order.decide(command, self.now)?;
        let conduct = plan.conduct.clone();
        for event in &events {
            assert!(
                !order.status.is_terminal(),
                "{event:?} follows {}",
                order.status
            );
            order.apply(event.clone());
        }
        for event in events {
            if let Some(command) = conduct.answer_order(&event) {
                self.sooner_or_later(Task::ToOrder(order_id, command));
            }
            self.tell("order", &Fact::Order(event));
        }
        Ok(())
    }

    pub(crate) fn ask_payment(
        &mut self,
        payment_id: PaymentId,
        command: PaymentCommand,
    ) -> Result<(), PaymentRefusal> {
        let payment = self.payments.entry(payment_id).or_default();
        let events = payment.decide(command, self.now)?;
        events.iter().for_each(|event| payment.apply(event.clone()));
        let order_id = payment.order_id().expect("it has begun");
        for event in events {
            self.follow_payment(order_id, payment_id, &event);
            self.tell("payment", &Fact::Payment(event));
        }
        Ok(())
    }

    fn follow_payment(&mut self, order_id: OrderId, payment_id: PaymentId, event: &PaymentEvent) {
        let plan = &self.orders[&order_id].1;
        let (script, answer) = (plan.script, plan.conduct.answer_payment(event));
        if let Some(command) = answer {
            self.tasks.push(Task::ToPayment(payment_id, command));
        }
        match event {
            PaymentEvent::PaymentAuthorized { expires_at, .. } => {
                self.at(*expires_at, Due::Authorization(payment_id))
            }
            PaymentEvent::PaymentOutcomeUnknown {
                operation: Operation::Authorize,
                ..
            } if script == Script::AuthorizesAfterAll => {
                self.at(self.now + TimeDelta::hours(1), Due::LateReport(payment_id));
            }
            PaymentEvent::PaymentDeclined { .. } if script == Script::DeclinesAndAuthorizes => {
                self.at(self.now + TimeDelta::hours(2), Due::LateReport(payment_id));
            }
            _ => {}
        }
        self.tasks.push(Task::Gateway(payment_id, event.clone()));
    }

    pub(crate) fn ask_stock(
        &mut self,
        sku: &Sku,
        command: StockCommand,
    ) -> Result<(), StockRefusal> {
        let item: &mut StockItem = self.stock.entry(sku.clone()).or_default();
        let events = item.decide(command, self.now)?;
        events.iter().for_each(|event| item.apply(event.clone()));
        assert!(item.available() >= 0, "oversold: {item:?}");
        for event in events {
            if let StockEvent::StockReserved {
                reservation_id,
                expires_at,
                ..
            } = &event
            {
                self.at(
                    *expires_at,
                    Due::Hold(
                        sku.clone(),
                        ExpireReservation {
                            reservation_id: *reservation_id,
                        },
                    ),
                );
            }
            self.tell("stock", &Fact::Stock(event));
        }
        Ok(())
    }

    pub(crate) fn ask_saga(&mut self, order_id: OrderId, command: FulfilmentCommand) {
        let (saga, _) = self.sagas.entry(order_id).or_default();
        let events = saga
            .decide(command.clone(), self.now)
            .unwrap_or_else(|refusal| panic!("{command:?} is refused: {refusal}"));
        self.note(order_id, events);
    }

    /// Takes note of what a saga has decided, and lets it happen.
    pub(crate) fn note(&mut self, order_id: OrderId, events: Vec<FulfilmentEvent>) {
        let (saga, history) = self.sagas.entry(order_id).or_default();
        for event in &events {
            assert!(saga.step != Step::Completed, "{event:?} follows the end");
            saga.apply(event.clone());
            history.push(Recorded {
                version: history.len() as u64 + 1,
                occurred_at: self.now,
                data: event.clone(),
            });
        }
        for event in events {
            match event {
                FulfilmentEvent::CommandsIssued {
                    issue_id, commands, ..
                } => {
                    self.replies.insert(issue_id, (commands.len(), Vec::new()));
                    self.tasks.extend(
                        commands
                            .into_iter()
                            .map(|command| Task::Execute(order_id, issue_id, command)),
                    );
                }
                FulfilmentEvent::TimerScheduled {
                    timer_id, due_at, ..
                } => self.at(due_at, Due::Timer(order_id, timer_id)),
                _ => {}
            }
        }
    }

    fn tell(&mut self, stream: &'static str, fact: &Fact) {
        if let Some((order_id, fact)) = observed(fact) {
            let event_id = self.fresh_id();
            self.unseen
                .entry((order_id, stream))
                .or_default()
                .push(Observe { event_id, fact });
        }
    }
}
