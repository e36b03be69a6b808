//! What is said of stock, in requests and answers.

use std::collections::BTreeMap;

use orderlog_domain::{
    DecidedAt,
    ids::{Sku, WarehouseId},
    stock::{BackorderPolicy, StockItem},
};
use orderlog_log::executor::Loaded;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::resource::Resource;

/// A product that a warehouse keeps from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "a stock item")]
pub(super) struct NewStockItem {
    /// The product.
    #[schema(value_type = String, example = "85123A")]
    pub(super) sku: Sku,
    /// The warehouse: 1 to 32 small letters and digits.
    #[serde(default = "WarehouseId::main")]
    #[schema(value_type = String, default = "main")]
    pub(super) warehouse: WarehouseId,
    /// Pieces that are never promised to anybody.
    #[serde(default)]
    pub(super) safety_stock: u32,
    /// A level that is worth a warning.
    #[serde(default)]
    pub(super) low_stock_at: u32,
    /// Pieces that may be promised beyond what there is; none where absent.
    pub(super) backorder_limit: Option<u32>,
}

/// Other limits.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "limits")]
pub(super) struct NewPolicy {
    /// The warehouse.
    #[serde(default = "WarehouseId::main")]
    #[schema(value_type = String, default = "main")]
    pub(super) warehouse: WarehouseId,
    /// Pieces that are never promised to anybody.
    pub(super) safety_stock: u32,
    /// A level that is worth a warning.
    pub(super) low_stock_at: u32,
    /// Pieces that may be promised beyond what there is; none where absent.
    pub(super) backorder_limit: Option<u32>,
}

/// Pieces that arrived.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "a receipt")]
pub(super) struct NewReceipt {
    /// The warehouse.
    #[serde(default = "WarehouseId::main")]
    #[schema(value_type = String, default = "main")]
    pub(super) warehouse: WarehouseId,
    /// The sender's number for the delivery.
    pub(super) receipt_id: String,
    /// Pieces.
    pub(super) quantity: u32,
}

/// What a count has shown.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an adjustment")]
pub(super) struct NewAdjustment {
    /// The warehouse.
    #[serde(default = "WarehouseId::main")]
    #[schema(value_type = String, default = "main")]
    pub(super) warehouse: WarehouseId,
    /// The sender's number for the count.
    pub(super) adjustment_id: String,
    /// Pieces more, or fewer.
    pub(super) delta: i64,
    /// Why.
    pub(super) reason: String,
    /// Refuse unless so many are on hand.
    pub(super) expected_on_hand: Option<i64>,
}

/// Which warehouse.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Where {
    /// The warehouse.
    #[serde(default = "WarehouseId::main")]
    #[param(value_type = Option<String>, default = "main")]
    pub(super) warehouse: WarehouseId,
}

/// Stock of a product in a warehouse, in pieces.
#[derive(Serialize, ToSchema)]
pub(super) struct StockBody {
    /// The product.
    sku: String,
    /// The warehouse.
    warehouse: String,
    /// In the warehouse.
    on_hand: i64,
    /// Promised for a time.
    held: i64,
    /// Promised for good.
    confirmed: i64,
    /// Left to be promised; negative where promises exceed what there is.
    available: i64,
    /// Never promised to anybody.
    safety_stock: u32,
    /// A level that is worth a warning.
    low_stock_at: u32,
    /// May be promised beyond what there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    backorder_limit: Option<u32>,
    /// The item's version; also in `ETag`.
    version: u64,
    /// What clients may ask of it now.
    allowed_commands: Vec<&'static str>,
    /// Where it is, and where what is allowed is sent.
    links: BTreeMap<&'static str, String>,
}

impl StockBody {
    /// What is shown of an item; nothing of one that was never registered.
    pub(super) fn of(id: &str, loaded: &Loaded<StockItem>, at: DecidedAt) -> Option<Self> {
        let item = &loaded.state;
        let policy = item.policy.as_ref()?;
        Some(Self {
            sku: policy.sku.to_string(),
            warehouse: policy.warehouse.to_string(),
            on_hand: item.on_hand,
            held: item.held(),
            confirmed: item.confirmed(),
            available: item.available(),
            safety_stock: policy.safety_stock,
            low_stock_at: policy.low_stock_at,
            backorder_limit: match policy.backorder {
                BackorderPolicy::Deny => None,
                BackorderPolicy::Allow { limit } => Some(limit),
            },
            version: loaded.version,
            allowed_commands: item.allowed(at),
            links: item.links(id, at),
        })
    }
}
