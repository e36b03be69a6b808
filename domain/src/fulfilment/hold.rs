//! What a fulfilment knows of the stock that it holds for one line.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    ids::{self, OrderId, ReservationId, Sku, WarehouseId},
    order::{Allocation, ShortLine},
};

use super::{LineInHand, ask::Ask};

/// Stock for one line under one reservation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hold {
    pub(super) line: u32,
    pub(super) sku: Sku,
    pub(super) warehouse: WarehouseId,
    pub(super) quantity: u32,
    /// Which reservation of the line this is, from 1.
    pub(super) attempt: u32,
    pub(super) reservation_id: ReservationId,
    pub(super) reserve: Ask,
    pub(super) confirm: Ask,
    pub(super) commit: Ask,
    pub(super) release: Ask,
    pub(super) expired: bool,
    /// What there was when the hold was refused.
    pub(super) available: i64,
}

impl Hold {
    /// The first hold of a line. There is one warehouse; an allocator would choose here.
    pub(super) fn first(order: OrderId, line: &LineInHand) -> Self {
        Self::nth(
            order,
            line.line,
            line.sku.clone(),
            WarehouseId::main(),
            line.quantity,
            1,
        )
    }

    /// The hold that takes this one's place.
    pub(super) fn next(&self, order: OrderId) -> Self {
        Self::nth(
            order,
            self.line,
            self.sku.clone(),
            self.warehouse.clone(),
            self.quantity,
            self.attempt + 1,
        )
    }

    fn nth(
        order: OrderId,
        line: u32,
        sku: Sku,
        warehouse: WarehouseId,
        quantity: u32,
        attempt: u32,
    ) -> Self {
        Self {
            line,
            sku,
            warehouse,
            quantity,
            attempt,
            reservation_id: reservation_id(order.0, line, attempt),
            reserve: Ask::Open,
            confirm: Ask::Open,
            commit: Ask::Open,
            release: Ask::Open,
            expired: false,
            available: 0,
        }
    }

    /// Whether the hold ran out, or was gone when it was to be confirmed.
    pub(super) fn is_lost(&self) -> bool {
        match self.confirm {
            Ask::Done | Ask::Asked => false,
            Ask::Refused => true,
            Ask::Open | Ask::Later => self.expired,
        }
    }

    /// Whether stock may be held that somebody has to release.
    pub(super) fn is_to_be_released(&self) -> bool {
        let tried = !matches!(self.reserve, Ask::Open | Ask::Refused);
        tried
            && !self.expired
            && self.commit == Ask::Open
            && matches!(self.release, Ask::Open | Ask::Asked | Ask::Later)
    }

    pub(super) fn allocation(&self) -> Allocation {
        Allocation {
            line: self.line,
            sku: self.sku.clone(),
            warehouse: self.warehouse.clone(),
            quantity: self.quantity,
            reservation_id: self.reservation_id,
        }
    }

    pub(super) fn short_line(&self) -> ShortLine {
        ShortLine {
            line: self.line,
            sku: self.sku.clone(),
            requested: self.quantity,
            available: self.available,
        }
    }

    pub(super) fn reopen(&mut self) {
        for ask in [
            &mut self.reserve,
            &mut self.confirm,
            &mut self.commit,
            &mut self.release,
        ] {
            ask.reopen();
        }
    }
}

fn reservation_id(order: Uuid, line: u32, attempt: u32) -> ReservationId {
    ReservationId(ids::derive(order, &format!("reservation/{line}/{attempt}")))
}
