//! How commands and their replies change what a fulfilment knows.

use uuid::Uuid;

use crate::{
    ids::{OperationId, PaymentId, ReservationId, ShipmentId},
    order::OrderCommand,
    payment::{Operation, PaymentCommand},
    stock::StockCommand,
};

use super::{
    Fulfilment, Reply, TargetedCommand,
    account::{Account, Outcome},
    ask::Ask,
    hold::Hold,
    parcel::Parcel,
    state::Issue,
};

impl Fulfilment {
    pub(super) fn note_issue(&mut self, issue: Issue) {
        for issued in &issue.commands {
            self.note_asked(&issued.command);
        }
        // The same commands sent again take the place of the earlier issue.
        let first = issue.commands.first().map(|issued| issued.command_id);
        self.issues
            .retain(|open| open.commands.first().map(|issued| issued.command_id) != first);
        self.issues.push(issue);
    }

    pub(super) fn note_replies(&mut self, issue_id: Uuid, replies: &[Reply]) {
        let Some(index) = self
            .issues
            .iter()
            .position(|open| open.issue_id == issue_id)
        else {
            return;
        };
        let issue = self.issues.remove(index);
        for (position, issued) in issue.commands.iter().enumerate() {
            // Replies come in the order of the commands, as a rule.
            let expected = replies
                .get(position)
                .filter(|reply| reply.command_id == issued.command_id);
            let reply = expected.or_else(|| {
                replies
                    .iter()
                    .find(|reply| reply.command_id == issued.command_id)
            });
            if let Some(reply) = reply {
                self.note_reply(&issued.command, &reply.outcome);
            }
        }
    }

    /// After a while, what was refused for now may be asked again.
    pub(super) fn reopen(&mut self) {
        self.holds.iter_mut().for_each(Hold::reopen);
        self.parcels.iter_mut().for_each(Parcel::reopen);
        self.payments
            .iter_mut()
            .for_each(|account| account.initiate.reopen());
        for ask in self.milestones.all_mut() {
            ask.reopen();
        }
    }

    /// Whether anything was refused for now.
    pub(super) fn has_anything_later(&self) -> bool {
        let later = |ask: &Ask| *ask == Ask::Later;
        self.holds.iter().any(|hold| {
            [hold.reserve, hold.confirm, hold.commit, hold.release]
                .iter()
                .any(later)
        }) || self.parcels.iter().any(|parcel| {
            [parcel.create, parcel.release, parcel.cancel]
                .iter()
                .any(later)
        }) || self.payments.iter().any(|account| later(&account.initiate))
            || self.milestones.all().iter().any(later)
    }

    fn note_asked(&mut self, command: &TargetedCommand) {
        match command {
            TargetedCommand::Stock { command, .. } => {
                if let StockCommand::Reserve(reserve) = command {
                    self.add_hold(reserve.reservation_id);
                }
                if let Some(ask) = self.hold_ask(command) {
                    *ask = Ask::Asked;
                }
            }
            TargetedCommand::Payment {
                payment_id,
                command,
            } => self.note_payment_asked(*payment_id, command),
            TargetedCommand::Order { command, .. } => {
                if let OrderCommand::CreateShipment(create) = command
                    && !self
                        .parcels
                        .iter()
                        .any(|parcel| parcel.shipment_id == create.shipment_id)
                {
                    self.parcels.push(Parcel::new(create.shipment_id));
                }
                if let Some(ask) = self.order_ask(command) {
                    *ask = Ask::Asked;
                }
            }
        }
    }

    /// A hold that is asked for and unknown takes the place of the line's last one.
    fn add_hold(&mut self, reservation_id: ReservationId) {
        let order_id = self.order_id();
        if self
            .holds
            .iter()
            .any(|hold| hold.reservation_id == reservation_id)
        {
            return;
        }
        let next = self
            .holds
            .iter()
            .map(|hold| hold.next(order_id))
            .find(|hold| hold.reservation_id == reservation_id);
        self.holds.extend(next);
    }

    fn note_payment_asked(&mut self, payment_id: PaymentId, command: &PaymentCommand) {
        if self.payment(payment_id).is_none() {
            self.payments.push(Account::new(payment_id));
        }
        let Some(account) = self
            .payments
            .iter_mut()
            .find(|account| account.payment_id == payment_id)
        else {
            return;
        };
        match command {
            PaymentCommand::Initiate(_) => account.initiate = Ask::Asked,
            PaymentCommand::Reconcile(reconcile) => {
                if let Some(op) = account.unknown_mut()
                    && let Outcome::Unknown { sent, .. } = &mut op.outcome
                {
                    *sent = reconcile.attempt.max(*sent);
                }
            }
            other => {
                if let Some((operation_id, operation)) = operation_of(other) {
                    account.op_or_new(operation_id, operation);
                }
            }
        }
    }

    /// What a command for the stock is about.
    pub(super) fn hold_ask(&mut self, command: &StockCommand) -> Option<&mut Ask> {
        let reservation_id = match command {
            StockCommand::Reserve(command) => command.reservation_id,
            StockCommand::ConfirmReservation(command) => command.reservation_id,
            StockCommand::CommitReservation(command) => command.reservation_id,
            StockCommand::ReleaseReservation(command) => command.reservation_id,
            StockCommand::Register(_)
            | StockCommand::SetPolicy(_)
            | StockCommand::Receive(_)
            | StockCommand::Adjust(_)
            | StockCommand::ExpireReservation(_) => return None,
        };
        let hold = self
            .holds
            .iter_mut()
            .find(|hold| hold.reservation_id == reservation_id)?;
        match command {
            StockCommand::Reserve(_) => Some(&mut hold.reserve),
            StockCommand::ConfirmReservation(_) => Some(&mut hold.confirm),
            StockCommand::CommitReservation(_) => Some(&mut hold.commit),
            StockCommand::ReleaseReservation(_) => Some(&mut hold.release),
            StockCommand::Register(_)
            | StockCommand::SetPolicy(_)
            | StockCommand::Receive(_)
            | StockCommand::Adjust(_)
            | StockCommand::ExpireReservation(_) => None,
        }
    }

    /// What a command for the order is about.
    pub(super) fn order_ask(&mut self, command: &OrderCommand) -> Option<&mut Ask> {
        match command {
            OrderCommand::RecordStockReserved(_) => Some(&mut self.milestones.stock),
            OrderCommand::Confirm(_) => Some(&mut self.milestones.confirm),
            OrderCommand::Reject(_) => Some(&mut self.milestones.reject),
            OrderCommand::RequestCancellation(_) => Some(&mut self.milestones.cancel),
            OrderCommand::CompleteCancellation(_) => Some(&mut self.milestones.complete),
            OrderCommand::CreateShipment(command) => self
                .parcel_mut(command.shipment_id)
                .map(|parcel| &mut parcel.create),
            OrderCommand::ReleaseShipment(command) => self
                .parcel_mut(command.shipment_id)
                .map(|parcel| &mut parcel.release),
            OrderCommand::CancelShipment(command) => self
                .parcel_mut(command.shipment_id)
                .map(|parcel| &mut parcel.cancel),
            OrderCommand::Place(_)
            | OrderCommand::MarkShipmentPacked(_)
            | OrderCommand::DispatchShipment(_)
            | OrderCommand::RecordDelivery(_) => None,
        }
    }

    fn parcel_mut(&mut self, shipment_id: ShipmentId) -> Option<&mut Parcel> {
        self.parcels
            .iter_mut()
            .find(|parcel| parcel.shipment_id == shipment_id)
    }
}

/// The operation that a command for a payment begins.
pub(super) fn operation_of(command: &PaymentCommand) -> Option<(OperationId, Operation)> {
    match command {
        PaymentCommand::Authorize(command) => Some((command.operation_id, Operation::Authorize)),
        PaymentCommand::Capture(command) => Some((command.operation_id, Operation::Capture)),
        PaymentCommand::Void(command) => Some((command.operation_id, Operation::Void)),
        PaymentCommand::Refund(command) => Some((command.operation_id, Operation::Refund)),
        PaymentCommand::Initiate(_)
        | PaymentCommand::RecordAuthorization(_)
        | PaymentCommand::CompleteAction(_)
        | PaymentCommand::Reconcile(_)
        | PaymentCommand::RecordStillUnknown(_)
        | PaymentCommand::RecordCapture(_)
        | PaymentCommand::RecordVoid(_)
        | PaymentCommand::ExpireAuthorization(_)
        | PaymentCommand::RecordRefund(_) => None,
    }
}
