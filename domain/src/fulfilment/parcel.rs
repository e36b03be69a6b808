//! What a fulfilment knows of one shipment.

use serde::{Deserialize, Serialize};

use crate::ids::ShipmentId;

use super::ask::Ask;

/// One shipment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Parcel {
    pub(super) shipment_id: ShipmentId,
    pub(super) create: Ask,
    pub(super) release: Ask,
    pub(super) cancel: Ask,
    pub(super) packed: bool,
    pub(super) dispatched: bool,
}

impl Parcel {
    pub(super) fn new(shipment_id: ShipmentId) -> Self {
        Self {
            shipment_id,
            create: Ask::Open,
            release: Ask::Open,
            cancel: Ask::Open,
            packed: false,
            dispatched: false,
        }
    }

    pub(super) fn reopen(&mut self) {
        for ask in [&mut self.create, &mut self.release, &mut self.cancel] {
            ask.reopen();
        }
    }
}
