//! One product's stock in one warehouse. More is never promised than there is (or than the
//! backorder policy allows), whatever arrives in whatever order: a hold that was released before it
//! was made stays released. Each command is a file of its own.

mod adjust_stock;
mod allowed;
mod commit_reservation;
mod confirm_reservation;
mod event;
mod expire_reservation;
mod fold;
mod receive_stock;
mod refusal;
mod register_stock_item;
mod release_reservation;
mod reserve;
mod set_stock_policy;
mod state;
#[cfg(test)]
mod testing;

use cqrs_es::{Aggregate, event_sink::EventSink};
use serde::{Deserialize, Serialize};

use crate::DecidedAt;

pub use adjust_stock::AdjustStock;
pub use commit_reservation::CommitReservation;
pub use confirm_reservation::ConfirmReservation;
pub use event::StockEvent;
pub use expire_reservation::ExpireReservation;
pub use receive_stock::ReceiveStock;
pub use refusal::StockRefusal;
pub use register_stock_item::RegisterStockItem;
pub use release_reservation::ReleaseReservation;
pub use reserve::Reserve;
pub use set_stock_policy::SetStockPolicy;
pub use state::{Closed, Phase, Reservation, StockItem, StockPolicy};

/// Whether more may be promised than there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum BackorderPolicy {
    /// Never.
    #[default]
    Deny,
    /// Up to a limit.
    Allow {
        /// Pieces that may be promised beyond what there is.
        limit: u32,
    },
}

/// Why a hold is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReleaseReason {
    /// The order can't be honoured.
    OrderRejected,
    /// The order was stopped.
    OrderCancelled,
    /// The order is planned anew.
    Replanned,
}

/// What can be asked of a stock item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum StockCommand {
    /// Keep the product in the warehouse.
    Register(RegisterStockItem),
    /// Apply other limits.
    SetPolicy(SetStockPolicy),
    /// Say that pieces arrived.
    Receive(ReceiveStock),
    /// Correct the level after a count.
    Adjust(AdjustStock),
    /// Hold pieces for an order.
    Reserve(Reserve),
    /// Make a hold last.
    ConfirmReservation(ConfirmReservation),
    /// Say that held pieces left the warehouse.
    CommitReservation(CommitReservation),
    /// Give up a hold.
    ReleaseReservation(ReleaseReservation),
    /// End a hold that ran out.
    ExpireReservation(ExpireReservation),
}

impl Aggregate for StockItem {
    const TYPE: &'static str = "stock";
    type Command = StockCommand;
    type Event = StockEvent;
    type Error = StockRefusal;
    type Services = DecidedAt;

    async fn handle(
        &mut self,
        command: StockCommand,
        at: &DecidedAt,
        sink: &EventSink<Self>,
    ) -> Result<(), StockRefusal> {
        for event in self.decide(command, *at)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: StockEvent) {
        self.fold(event);
    }
}

impl StockItem {
    /// What the command brings about, or why it is refused.
    pub fn decide(
        &self,
        command: StockCommand,
        at: DecidedAt,
    ) -> Result<Vec<StockEvent>, StockRefusal> {
        match command {
            StockCommand::Register(command) => command.decide(self),
            StockCommand::SetPolicy(command) => command.decide(self),
            StockCommand::Receive(command) => command.decide(self),
            StockCommand::Adjust(command) => command.decide(self),
            StockCommand::Reserve(command) => command.decide(self),
            StockCommand::ConfirmReservation(command) => command.decide(self),
            StockCommand::CommitReservation(command) => command.decide(self, at),
            StockCommand::ReleaseReservation(command) => command.decide(self, at),
            StockCommand::ExpireReservation(command) => command.decide(self, at),
        }
    }
}
