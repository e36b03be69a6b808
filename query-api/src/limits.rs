//! Refuses queries that ask for too much, before anything of them is carried out, over HTTP and
//! WebSocket alike. Three looks, each safe because of the one before: at the text (`scan`), at the
//! parsed document (`measure`), and by the schema's own weighted complexity.

mod measure;
mod scan;

use std::sync::Arc;

use async_graphql::{
    Request, Response, ServerError, ServerResult, Value,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest, NextRequest,
        NextSubscribe,
    },
    parser::{parse_query, types::OperationType},
};
use futures::{StreamExt, stream::BoxStream};

use crate::failure::{BAD_USER_INPUT, QUERY_TOO_COMPLEX};

/// Bytes of a request, and of a message of a WebSocket.
pub const BODY_BYTES: usize = 100_000;
/// Names, numbers, strings and punctuation of a query.
pub const TOKENS: usize = 5_000;
/// Levels of fields.
pub const DEPTH: usize = 12;
/// Fields, where those of a list count as often as the list may be long.
pub const COMPLEXITY: usize = 1_000;
/// Fields under another name.
pub const ALIASES: usize = 30;
/// Fields of the query itself.
pub const ROOT_FIELDS: usize = 10;

/// Brackets open at once: arguments and lists within fields.
const NESTING: usize = 50;
/// Fields once fragments are written out.
const FIELDS: usize = 5_000;
/// The standard introspection query has 13 levels.
const INTROSPECTION_DEPTH: usize = 16;
/// `types { fields }` is two; more would multiply the schema with itself.
const INTROSPECTION_LISTS: usize = 2;

/// Marks a request in which only queries are taken, such as an HTTP GET.
pub(crate) struct QueriesOnly;

/// The limits as an extension of the schema.
pub(crate) struct Limits;

impl ExtensionFactory for Limits {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for Limits {
    async fn prepare_request(
        &self,
        context: &ExtensionContext<'_>,
        request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let mut request = next.run(context, request).await?;
        examine(&mut request)?;
        Ok(request)
    }

    async fn request(&self, context: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        with_codes(next.run(context).await)
    }

    fn subscribe<'s>(
        &self,
        context: &ExtensionContext<'_>,
        stream: BoxStream<'s, Response>,
        next: NextSubscribe<'_>,
    ) -> BoxStream<'s, Response> {
        next.run(context, stream).map(with_codes).boxed()
    }
}

/// Checks the query and leaves it parsed in the request.
fn examine(request: &mut Request) -> ServerResult<()> {
    at_most(request.query.len(), BODY_BYTES, "bytes")?;
    let scan = scan::scan(&request.query);
    at_most(scan.tokens, TOKENS, "tokens")?;
    at_most(scan.nesting, NESTING, "brackets within each other")?;
    let document = parse_query(&request.query)?;
    let extent = measure::measure(&document)
        .map_err(|_| refusal(BAD_USER_INPUT, "a fragment contains itself".to_owned()))?;
    at_most(extent.depth, DEPTH, "levels")?;
    at_most(extent.roots, ROOT_FIELDS, "fields at its root")?;
    at_most(extent.aliases, ALIASES, "aliases")?;
    at_most(extent.fields, FIELDS, "fields")?;
    at_most(
        extent.introspection,
        INTROSPECTION_DEPTH,
        "levels of introspection",
    )?;
    at_most(
        extent.lists,
        INTROSPECTION_LISTS,
        "lists of the schema within each other",
    )?;
    let is_query = |ty: OperationType| ty == OperationType::Query;
    if request
        .data
        .get(&std::any::TypeId::of::<QueriesOnly>())
        .is_some()
        && !document
            .operations
            .iter()
            .all(|(_, operation)| is_query(operation.node.ty))
    {
        let message = "only queries are taken by GET; send this by POST".to_owned();
        return Err(refusal(BAD_USER_INPUT, message));
    }
    request.set_parsed_query(document);
    Ok(())
}

fn at_most(found: usize, limit: usize, what: &str) -> ServerResult<()> {
    if found <= limit {
        return Ok(());
    }
    let message = format!("the query has {found} {what}, {limit} are allowed");
    Err(refusal(QUERY_TOO_COMPLEX, message))
}

fn refusal(code: &str, message: String) -> ServerError {
    let mut error = ServerError::new(message, None);
    error.extensions.get_or_insert_default().set("code", code);
    error
}

/// What our own resolvers refuse has a code already; the rest is what the query itself got wrong.
fn with_codes(mut response: Response) -> Response {
    for error in &mut response.errors {
        let code = match error.message.as_str() {
            "Query is too complex." => QUERY_TOO_COMPLEX,
            _ => BAD_USER_INPUT,
        };
        let extensions = error.extensions.get_or_insert_default();
        if !matches!(extensions.get("code"), Some(Value::String(_))) {
            extensions.set("code", code);
        }
    }
    response
}
