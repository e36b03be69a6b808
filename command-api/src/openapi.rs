//! The description of the routes, OpenAPI 3.1. Operations describe themselves beside their
//! handlers; what all of them share (headers, receipts, problems) stands here.

use std::collections::BTreeMap;

use orderlog_web::problem;
use utoipa::{
    IntoParams, IntoResponses, OpenApi, ToSchema,
    openapi::{
        ContentBuilder, Header, ObjectBuilder, Ref, RefOr, Required, Response, ResponseBuilder,
        Type,
        path::{Parameter, ParameterBuilder, ParameterIn},
    },
};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    receipt::Receipt,
    rest::{Api, BASE},
    routes,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "orderlog",
        description = "Event-sourced order processing: commands, and reading one resource back. Every POST, PUT and DELETE carries an \
            Idempotency-Key; the same key with the same content is answered with the first outcome. What is refused is \
            refused with a problem document (RFC 9457); its `code` is stable and explained at /docs/errors."
    ),
    components(schemas(problem::Document, problem::Place, Receipt)),
    tags(
        (name = "products", description = "The catalogue."),
        (name = "stock", description = "What is there, per product and warehouse."),
        (name = "orders", description = "Placing, cancelling, shipping."),
        (name = "payments", description = "Completing, refunding, asking the gateway."),
        (name = "notifications", description = "What customers are told, and how they want to be told."),
        (name = "webhooks", description = "The endpoints that hear of what customers are told."),
        (name = "sagas", description = "The process that carries an order through."),
        (name = "commands", description = "What became of a command.")
    )
)]
struct Description;

/// The description alone.
pub fn description() -> utoipa::openapi::OpenApi {
    described(routes::all()).into_openapi()
}

/// `routes` under the base path, with the description around theirs.
pub(crate) fn described(routes: OpenApiRouter<Api>) -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(Description::openapi()).nest(BASE, routes)
}

/// The headers of every command.
pub(crate) struct CommandHeaders;

impl IntoParams for CommandHeaders {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        [
            ("Idempotency-Key", Required::True, "Names the command; a retry repeats it. At most 255 characters, best a new UUID."),
            ("If-Match", Required::False, "`\"<version>\"`: refuse with 412 unless the resource has it. `*`: unless it exists."),
            ("X-Actor", Required::False, "Who sends the command; recorded with its events."),
            ("X-Correlation-Id", Required::False, "UUID of the chain of requests that this one belongs to; echoed."),
            ("traceparent", Required::False, "W3C trace context; recorded with the command's events."),
        ]
        .into_iter()
        .map(|(name, required, description)| {
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Header)
                .required(required)
                .description(Some(description))
                .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
                .build()
        })
        .collect()
    }
}

/// 201: the resource was created.
pub(crate) struct Created;
/// 202: carried out, and other parts of the system go on.
pub(crate) struct Accepted;
/// 200: carried out.
pub(crate) struct Done;

impl IntoResponses for Created {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let location = header("Where the new resource is.");
        receipt(
            "201",
            "Created; a repeat gets the same answer.",
            &[("Location", location)],
        )
    }
}

impl IntoResponses for Accepted {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        receipt(
            "202",
            "Carried out; the order's fulfilment goes on from here.",
            &[],
        )
    }
}

impl IntoResponses for Done {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        receipt("200", "Carried out.", &[])
    }
}

/// What a command may be refused with.
pub(crate) struct CommandProblems;

impl IntoResponses for CommandProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            (
                "400",
                "The request is malformed, or lacks its Idempotency-Key.",
            ),
            ("404", "There is no such resource."),
            (
                "409",
                "The resource's state does not allow it, or it kept changing.",
            ),
            (
                "412",
                "The resource is not at the version that If-Match demands.",
            ),
            ("413", "The body is too large."),
            ("415", "The body is not JSON."),
            (
                "422",
                "A rule refuses it, or the Idempotency-Key was used for another request.",
            ),
            (
                "503",
                "The store is unavailable, or too many commands wait for the resource.",
            ),
        ])
    }
}

/// What a read may be refused with.
pub(crate) struct ReadProblems;

impl IntoResponses for ReadProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            ("400", "The id or a parameter is malformed."),
            ("404", "There is no such resource."),
            ("503", "The store is unavailable."),
        ])
    }
}

fn receipt(
    status: &str,
    description: &str,
    more: &[(&str, Header)],
) -> BTreeMap<String, RefOr<Response>> {
    let response = ResponseBuilder::new()
        .description(description)
        .content(
            "application/json",
            ContentBuilder::new()
                .schema(Some(Ref::from_schema_name(Receipt::name())))
                .build(),
        )
        .header("ETag", header("The version after the command, in quotes."))
        .header(
            "Consistency-Token",
            header("Send it with a query to read what was just written."),
        )
        .header(
            "Idempotent-Replay",
            header("`true` when this answers a command carried out earlier."),
        )
        .header("X-Correlation-Id", header("The chain of requests."));
    let response = more.iter().fold(response, |response, (name, header)| {
        response.header(*name, header.clone())
    });
    BTreeMap::from([(status.to_owned(), response.build().into())])
}

fn problems(table: &[(&str, &str)]) -> BTreeMap<String, RefOr<Response>> {
    let problem = |description: &str| {
        let content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name(problem::Document::name())))
            .build();
        ResponseBuilder::new()
            .description(description)
            .content(problem::MEDIA_TYPE, content)
            .build()
            .into()
    };
    table
        .iter()
        .map(|(status, description)| ((*status).to_owned(), problem(description)))
        .collect()
}

fn header(description: &str) -> Header {
    let mut header = Header::new(ObjectBuilder::new().schema_type(Type::String).build());
    header.description = Some(description.to_owned());
    header
}

#[cfg(test)]
mod tests;
