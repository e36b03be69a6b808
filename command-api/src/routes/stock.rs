//! What is there of a product in a warehouse: `/stock`. Without a warehouse, `main` is meant.

mod bodies;

use axum::extract::State;
use orderlog_domain::{
    ids::Sku,
    stock::{
        AdjustStock, BackorderPolicy, ReceiveStock, RegisterStockItem, SetStockPolicy,
        StockCommand, StockItem, StockRefusal,
    },
};
use orderlog_web::{
    params::{PathParams, QueryParams},
    problem::Problem,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    aggregates::stock_id,
    openapi::{CommandHeaders, CommandProblems, Created, Done, ReadProblems},
    receipt::{Answer, Shown},
    refused,
    request::CommandRequest,
    rest::Api,
};

use bodies::{NewAdjustment, NewPolicy, NewReceipt, NewStockItem, StockBody, Where};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(register_stock_item))
        .routes(routes!(show_stock))
        .routes(routes!(set_stock_policy))
        .routes(routes!(receive_stock))
        .routes(routes!(adjust_stock))
}

/// Has a warehouse keep a product.
#[utoipa::path(post, path = "/stock", tag = "stock", params(CommandHeaders), request_body = NewStockItem,
    responses(Created, CommandProblems))]
async fn register_stock_item(
    State(api): State<Api>,
    CommandRequest { body, sent }: CommandRequest<NewStockItem>,
) -> Result<Answer, Problem> {
    let NewStockItem {
        sku,
        warehouse,
        safety_stock,
        low_stock_at,
        backorder_limit,
    } = body;
    let id = stock_id(&sku, &warehouse);
    let backorder = policy(backorder_limit);
    let command = RegisterStockItem {
        sku,
        warehouse,
        safety_stock,
        low_stock_at,
        backorder,
    };
    Ok(Answer::created::<StockItem>(
        api.send::<StockItem>(&id, StockCommand::Register(command), &sent)
            .await?,
    ))
}

/// Shows the stock of a product in a warehouse.
#[utoipa::path(get, path = "/stock/{sku}", tag = "stock", params(("sku" = String, Path, description = "The product's number."), Where),
    responses((status = 200, description = "The stock.", body = StockBody, headers(("ETag" = String, description = "The version, in quotes."))), ReadProblems))]
async fn show_stock(
    State(api): State<Api>,
    PathParams(sku): PathParams<Sku>,
    QueryParams(Where { warehouse }): QueryParams<Where>,
) -> Result<Shown<StockBody>, Problem> {
    let id = stock_id(&sku, &warehouse);
    let loaded = api.aggregates.stock.load(&id).await?;
    let body = StockBody::of(&id, &loaded, api.clock.now())
        .ok_or_else(|| refused::refusal(&StockRefusal::NotRegistered))?;
    Ok(Shown {
        version: loaded.version,
        body,
    })
}

/// Applies other limits.
#[utoipa::path(post, path = "/stock/{sku}/policy", tag = "stock", request_body = NewPolicy,
    params(("sku" = String, Path, description = "The product's number."), CommandHeaders), responses(Done, CommandProblems))]
async fn set_stock_policy(
    State(api): State<Api>,
    PathParams(sku): PathParams<Sku>,
    CommandRequest { body, sent }: CommandRequest<NewPolicy>,
) -> Result<Answer, Problem> {
    let NewPolicy {
        warehouse,
        safety_stock,
        low_stock_at,
        backorder_limit,
    } = body;
    let command = SetStockPolicy {
        safety_stock,
        low_stock_at,
        backorder: policy(backorder_limit),
    };
    let id = stock_id(&sku, &warehouse);
    Ok(Answer::done::<StockItem>(
        api.send::<StockItem>(&id, StockCommand::SetPolicy(command), &sent)
            .await?,
    ))
}

/// Records that pieces arrived.
#[utoipa::path(post, path = "/stock/{sku}/receipts", tag = "stock", request_body = NewReceipt,
    params(("sku" = String, Path, description = "The product's number."), CommandHeaders), responses(Done, CommandProblems))]
async fn receive_stock(
    State(api): State<Api>,
    PathParams(sku): PathParams<Sku>,
    CommandRequest { body, sent }: CommandRequest<NewReceipt>,
) -> Result<Answer, Problem> {
    let NewReceipt {
        warehouse,
        receipt_id,
        quantity,
    } = body;
    let id = stock_id(&sku, &warehouse);
    let command = StockCommand::Receive(ReceiveStock {
        receipt_id,
        quantity,
    });
    Ok(Answer::done::<StockItem>(
        api.send::<StockItem>(&id, command, &sent).await?,
    ))
}

/// Corrects the level after a count. What was counted is recorded even if it no longer covers
/// what is promised.
#[utoipa::path(post, path = "/stock/{sku}/adjustments", tag = "stock", request_body = NewAdjustment,
    params(("sku" = String, Path, description = "The product's number."), CommandHeaders), responses(Done, CommandProblems))]
async fn adjust_stock(
    State(api): State<Api>,
    PathParams(sku): PathParams<Sku>,
    CommandRequest { body, sent }: CommandRequest<NewAdjustment>,
) -> Result<Answer, Problem> {
    let NewAdjustment {
        warehouse,
        adjustment_id,
        delta,
        reason,
        expected_on_hand,
    } = body;
    let id = stock_id(&sku, &warehouse);
    let command = StockCommand::Adjust(AdjustStock {
        adjustment_id,
        delta,
        reason,
        expected_on_hand,
    });
    Ok(Answer::done::<StockItem>(
        api.send::<StockItem>(&id, command, &sent).await?,
    ))
}

fn policy(backorder_limit: Option<u32>) -> BackorderPolicy {
    backorder_limit.map_or(BackorderPolicy::Deny, |limit| BackorderPolicy::Allow {
        limit,
    })
}
