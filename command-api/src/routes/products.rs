//! The catalogue: `/products`.

use std::collections::BTreeMap;

use axum::extract::State;
use chrono::{DateTime, Utc};
use orderlog_domain::{
    ids::Sku,
    money::TaxRate,
    product::{
        ChangePrice, DiscontinueProduct, Product, ProductCommand, ProductRefusal, RegisterProduct,
        RenameProduct,
    },
};
use orderlog_web::{params::PathParams, problem::Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    amount::Amount,
    openapi::{CommandHeaders, CommandProblems, Created, Done, ReadProblems},
    receipt::{Answer, Shown},
    refused,
    request::CommandRequest,
    resource::Resource,
    rest::Api,
};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(register_product))
        .routes(routes!(show_product))
        .routes(routes!(change_price))
        .routes(routes!(rename_product))
        .routes(routes!(discontinue_product))
}

/// A product that enters the catalogue.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "a product")]
struct NewProduct {
    /// Its number: 1 to 64 letters, digits, `.`, `_`, `-` and inner spaces.
    #[schema(value_type = String, example = "85123A")]
    sku: Sku,
    /// What customers read.
    name: String,
    /// Price of one piece.
    unit_price: Amount,
    /// The tax that applies to it; none where absent.
    #[serde(default)]
    tax: Tax,
}

/// A tax as it applies to a price.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a tax such as {\"basis_points\":1900,\"inclusive\":true}"
)]
struct Tax {
    /// Hundredths of a percent: 1900 is 19 %.
    basis_points: u32,
    /// Whether prices include it.
    inclusive: bool,
}

/// Another price.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "a new price")]
struct NewPrice {
    /// Price of one piece from then on.
    unit_price: Amount,
    /// When it begins to count; now where absent.
    effective_at: Option<DateTime<Utc>>,
}

/// Another name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "a new name")]
struct NewName {
    /// What customers read from now on.
    name: String,
}

/// A command that says nothing but its own name: `{}`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an empty object")]
pub(super) struct Nothing {}

/// A product of the catalogue.
#[derive(Serialize, ToSchema)]
struct ProductBody {
    /// Its number.
    #[schema(value_type = String)]
    sku: Sku,
    /// What customers read.
    name: String,
    /// Price of one piece, now.
    unit_price: Amount,
    /// The tax that applies to it.
    tax: Tax,
    /// Its state.
    state: &'static str,
    /// Its version; also in `ETag`.
    version: u64,
    /// What clients may ask of it now.
    allowed_commands: Vec<&'static str>,
    /// Where it is, and where what is allowed is sent.
    links: BTreeMap<&'static str, String>,
}

/// Registers a product.
#[utoipa::path(post, path = "/products", tag = "products", params(CommandHeaders), request_body = NewProduct,
    responses(Created, CommandProblems))]
async fn register_product(
    State(api): State<Api>,
    CommandRequest { body, sent }: CommandRequest<NewProduct>,
) -> Result<Answer, Problem> {
    let NewProduct {
        sku,
        name,
        unit_price,
        tax,
    } = body;
    let id = sku.to_string();
    let command = RegisterProduct {
        sku,
        name,
        unit_price: unit_price.into(),
        tax: tax.into(),
    };
    Ok(Answer::created::<Product>(
        api.send::<Product>(&id, ProductCommand::Register(command), &sent)
            .await?,
    ))
}

/// Shows a product.
#[utoipa::path(get, path = "/products/{sku}", tag = "products", params(("sku" = String, Path, description = "The product's number.")),
    responses((status = 200, description = "The product.", body = ProductBody, headers(("ETag" = String, description = "The version, in quotes."))), ReadProblems))]
async fn show_product(
    State(api): State<Api>,
    PathParams(sku): PathParams<Sku>,
) -> Result<Shown<ProductBody>, Problem> {
    let at = api.clock.now();
    let loaded = api.aggregates.products.load(sku.as_str()).await?;
    let (product, version) = (loaded.state, loaded.version);
    let listing = product
        .listing()
        .ok_or_else(|| refused::refusal(&ProductRefusal::UnknownProduct))?;
    let body = ProductBody {
        name: listing.name.clone(),
        unit_price: listing.price_at(at).into(),
        tax: listing.tax.into(),
        state: product.state(),
        version,
        allowed_commands: product.allowed(at),
        links: product.links(sku.as_str(), at),
        sku,
    };
    Ok(Shown { version, body })
}

/// Changes a product's price; orders placed before keep theirs.
#[utoipa::path(post, path = "/products/{sku}/price", tag = "products", request_body = NewPrice,
    params(("sku" = String, Path, description = "The product's number."), CommandHeaders), responses(Done, CommandProblems))]
async fn change_price(
    State(api): State<Api>,
    PathParams(sku): PathParams<Sku>,
    CommandRequest { body, sent }: CommandRequest<NewPrice>,
) -> Result<Answer, Problem> {
    let command = ChangePrice {
        new: body.unit_price.into(),
        effective_at: body.effective_at,
    };
    Ok(Answer::done::<Product>(
        api.send::<Product>(sku.as_str(), ProductCommand::ChangePrice(command), &sent)
            .await?,
    ))
}

/// Renames a product.
#[utoipa::path(post, path = "/products/{sku}/rename", tag = "products", request_body = NewName,
    params(("sku" = String, Path, description = "The product's number."), CommandHeaders), responses(Done, CommandProblems))]
async fn rename_product(
    State(api): State<Api>,
    PathParams(sku): PathParams<Sku>,
    CommandRequest { body, sent }: CommandRequest<NewName>,
) -> Result<Answer, Problem> {
    let command = RenameProduct { name: body.name };
    Ok(Answer::done::<Product>(
        api.send::<Product>(sku.as_str(), ProductCommand::Rename(command), &sent)
            .await?,
    ))
}

/// Discontinues a product: open orders are kept, new ones refused.
#[utoipa::path(post, path = "/products/{sku}/discontinue", tag = "products", request_body = Nothing,
    params(("sku" = String, Path, description = "The product's number."), CommandHeaders), responses(Done, CommandProblems))]
async fn discontinue_product(
    State(api): State<Api>,
    PathParams(sku): PathParams<Sku>,
    CommandRequest {
        body: Nothing {},
        sent,
    }: CommandRequest<Nothing>,
) -> Result<Answer, Problem> {
    let command = ProductCommand::Discontinue(DiscontinueProduct {});
    Ok(Answer::done::<Product>(
        api.send::<Product>(sku.as_str(), command, &sent).await?,
    ))
}

impl From<Tax> for TaxRate {
    fn from(
        Tax {
            basis_points,
            inclusive,
        }: Tax,
    ) -> Self {
        Self {
            basis_points,
            inclusive,
        }
    }
}

impl From<TaxRate> for Tax {
    fn from(
        TaxRate {
            basis_points,
            inclusive,
        }: TaxRate,
    ) -> Self {
        Self {
            basis_points,
            inclusive,
        }
    }
}
