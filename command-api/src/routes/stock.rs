//! What is there of a product in a warehouse: `/stock`. Without a warehouse, `main` is meant.

use std::collections::BTreeMap;

use axum::extract::State;
use orderlog_domain::{
    DecidedAt,
    ids::{Sku, WarehouseId},
    stock::{
        AdjustStock, BackorderPolicy, ReceiveStock, RegisterStockItem, SetStockPolicy, StockCommand, StockItem, StockRefusal,
    },
};
use orderlog_log::executor::Loaded;
use orderlog_web::{
    params::{PathParams, QueryParams},
    problem::Problem,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    aggregates::stock_id,
    openapi::{CommandHeaders, CommandProblems, Created, Done, ReadProblems},
    receipt::{Answer, Shown},
    refused,
    request::CommandRequest,
    resource::Resource,
    rest::Api,
};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(show))
        .routes(routes!(set_policy))
        .routes(routes!(receive))
        .routes(routes!(adjust))
}

/// A product that a warehouse keeps from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "a stock item")]
struct NewStockItem {
    /// The product.
    #[schema(value_type = String, example = "85123A")]
    sku: Sku,
    /// The warehouse: 1 to 32 small letters and digits.
    #[serde(default = "WarehouseId::main")]
    #[schema(value_type = String, default = "main")]
    warehouse: WarehouseId,
    /// Pieces that are never promised to anybody.
    #[serde(default)]
    safety_stock: u32,
    /// A level that is worth a warning.
    #[serde(default)]
    low_stock_at: u32,
    /// Pieces that may be promised beyond what there is; none where absent.
    backorder_limit: Option<u32>,
}

/// Other limits.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "limits")]
struct NewPolicy {
    /// The warehouse.
    #[serde(default = "WarehouseId::main")]
    #[schema(value_type = String, default = "main")]
    warehouse: WarehouseId,
    /// Pieces that are never promised to anybody.
    safety_stock: u32,
    /// A level that is worth a warning.
    low_stock_at: u32,
    /// Pieces that may be promised beyond what there is; none where absent.
    backorder_limit: Option<u32>,
}

/// Pieces that arrived.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "a receipt")]
struct NewReceipt {
    /// The warehouse.
    #[serde(default = "WarehouseId::main")]
    #[schema(value_type = String, default = "main")]
    warehouse: WarehouseId,
    /// The sender's number for the delivery.
    receipt_id: String,
    /// Pieces.
    quantity: u32,
}

/// What a count has shown.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an adjustment")]
struct NewAdjustment {
    /// The warehouse.
    #[serde(default = "WarehouseId::main")]
    #[schema(value_type = String, default = "main")]
    warehouse: WarehouseId,
    /// The sender's number for the count.
    adjustment_id: String,
    /// Pieces more, or fewer.
    delta: i64,
    /// Why.
    reason: String,
    /// Refuse unless so many are on hand.
    expected_on_hand: Option<i64>,
}

/// Which warehouse.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Where {
    /// The warehouse.
    #[serde(default = "WarehouseId::main")]
    #[param(value_type = Option<String>, default = "main")]
    warehouse: WarehouseId,
}

/// Stock of a product in a warehouse, in pieces.
#[derive(Serialize, ToSchema)]
struct StockBody {
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

/// Has a warehouse keep a product.
#[utoipa::path(post, path = "/stock", tag = "stock", params(CommandHeaders), request_body = NewStockItem,
    responses(Created, CommandProblems))]
async fn register(State(api): State<Api>, CommandRequest { body, sent }: CommandRequest<NewStockItem>) -> Result<Answer, Problem> {
    let NewStockItem { sku, warehouse, safety_stock, low_stock_at, backorder_limit } = body;
    let id = stock_id(&sku, &warehouse);
    let backorder = policy(backorder_limit);
    let command = RegisterStockItem { sku, warehouse, safety_stock, low_stock_at, backorder };
    Ok(Answer::created::<StockItem>(api.send::<StockItem>(&id, StockCommand::Register(command), &sent).await?))
}

/// Shows the stock of a product in a warehouse.
#[utoipa::path(get, path = "/stock/{sku}", tag = "stock", params(("sku" = String, Path, description = "The product's number."), Where),
    responses((status = 200, description = "The stock.", body = StockBody), ReadProblems))]
async fn show(
    State(api): State<Api>,
    PathParams(sku): PathParams<Sku>,
    QueryParams(Where { warehouse }): QueryParams<Where>,
) -> Result<Shown<StockBody>, Problem> {
    let id = stock_id(&sku, &warehouse);
    let loaded = api.aggregates.stock.load(&id).await?;
    let body = StockBody::of(&id, &loaded, api.clock.now()).ok_or_else(|| refused::refusal(&StockRefusal::NotRegistered))?;
    Ok(Shown { version: loaded.version, body })
}

/// Applies other limits.
#[utoipa::path(post, path = "/stock/{sku}/policy", tag = "stock", request_body = NewPolicy,
    params(("sku" = String, Path, description = "The product's number."), CommandHeaders), responses(Done, CommandProblems))]
async fn set_policy(
    State(api): State<Api>,
    PathParams(sku): PathParams<Sku>,
    CommandRequest { body, sent }: CommandRequest<NewPolicy>,
) -> Result<Answer, Problem> {
    let NewPolicy { warehouse, safety_stock, low_stock_at, backorder_limit } = body;
    let command = SetStockPolicy { safety_stock, low_stock_at, backorder: policy(backorder_limit) };
    let id = stock_id(&sku, &warehouse);
    Ok(Answer::done::<StockItem>(api.send::<StockItem>(&id, StockCommand::SetPolicy(command), &sent).await?))
}

/// Records that pieces arrived.
#[utoipa::path(post, path = "/stock/{sku}/receipts", tag = "stock", request_body = NewReceipt,
    params(("sku" = String, Path, description = "The product's number."), CommandHeaders), responses(Done, CommandProblems))]
async fn receive(
    State(api): State<Api>,
    PathParams(sku): PathParams<Sku>,
    CommandRequest { body, sent }: CommandRequest<NewReceipt>,
) -> Result<Answer, Problem> {
    let NewReceipt { warehouse, receipt_id, quantity } = body;
    let id = stock_id(&sku, &warehouse);
    let command = StockCommand::Receive(ReceiveStock { receipt_id, quantity });
    Ok(Answer::done::<StockItem>(api.send::<StockItem>(&id, command, &sent).await?))
}

/// Corrects the level after a count. What was counted is recorded even if it no longer covers
/// what is promised.
#[utoipa::path(post, path = "/stock/{sku}/adjustments", tag = "stock", request_body = NewAdjustment,
    params(("sku" = String, Path, description = "The product's number."), CommandHeaders), responses(Done, CommandProblems))]
async fn adjust(
    State(api): State<Api>,
    PathParams(sku): PathParams<Sku>,
    CommandRequest { body, sent }: CommandRequest<NewAdjustment>,
) -> Result<Answer, Problem> {
    let NewAdjustment { warehouse, adjustment_id, delta, reason, expected_on_hand } = body;
    let id = stock_id(&sku, &warehouse);
    let command = StockCommand::Adjust(AdjustStock { adjustment_id, delta, reason, expected_on_hand });
    Ok(Answer::done::<StockItem>(api.send::<StockItem>(&id, command, &sent).await?))
}

fn policy(backorder_limit: Option<u32>) -> BackorderPolicy {
    backorder_limit.map_or(BackorderPolicy::Deny, |limit| BackorderPolicy::Allow { limit })
}

impl StockBody {
    fn of(id: &str, loaded: &Loaded<StockItem>, at: DecidedAt) -> Option<Self> {
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
