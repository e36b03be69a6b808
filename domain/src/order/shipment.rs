//! A shipment, an entity inside its order: Created, Packed, Released, Dispatched, Delivered;
//! Cancelled from any phase before Dispatched.

use serde::{Deserialize, Serialize};

use crate::ids::{OperationId, ShipmentId, WarehouseId};

use super::ShipmentLine;

/// Goods that leave together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipment {
    /// The shipment.
    pub shipment_id: ShipmentId,
    /// Where it is packed.
    pub warehouse: WarehouseId,
    /// What it carries.
    pub lines: Vec<ShipmentLine>,
    /// How far it is.
    pub phase: ShipmentPhase,
    /// The capture that paid for it.
    pub capture_id: Option<OperationId>,
}

/// How far a shipment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShipmentPhase {
    /// To be packed.
    Created,
    /// Packed, not paid for.
    Packed,
    /// Paid for; may leave.
    Released,
    /// Has left.
    Dispatched,
    /// Has arrived.
    Delivered,
    /// Will not leave.
    Cancelled,
}

impl Shipment {
    /// Whether it may still leave.
    pub fn is_open(&self) -> bool {
        matches!(
            self.phase,
            ShipmentPhase::Created | ShipmentPhase::Packed | ShipmentPhase::Released
        )
    }

    /// Whether it has left.
    pub fn has_left(&self) -> bool {
        matches!(
            self.phase,
            ShipmentPhase::Dispatched | ShipmentPhase::Delivered
        )
    }
}

impl std::fmt::Display for ShipmentPhase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Created => "created",
            Self::Packed => "packed",
            Self::Released => "released",
            Self::Dispatched => "dispatched",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
        })
    }
}
