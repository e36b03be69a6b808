//! Where webhooks go: `/webhook-endpoints`. An endpoint's secret is answered when it is registered or
//! rotated, to a repeat of that command as well, and never shown otherwise.

mod bodies;

use axum::{Json, extract::State, http::StatusCode};
use orderlog_domain::{
    ids::{EndpointId, derive},
    webhook::{
        DisableEndpoint, DisabledBecause, EnableEndpoint, RegisterEndpoint, RemoveEndpoint,
        RotateSecret, WebhookCommand, Webhooks,
    },
};
use orderlog_web::{params::PathParams, problem::Problem};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    aggregates::ENDPOINTS,
    openapi::{CommandHeaders, CommandProblems, Done, ReadProblems},
    receipt::Answer,
    refused,
    request::{CommandRequest, Sent},
    rest::Api,
    routes::products::Nothing,
    webhook_key::WebhookKey,
};

use bodies::{EndpointBody, EndpointsBody, NewEndpoint, SecretAnswer, SecretReceipt, href};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(register_endpoint, list_endpoints))
        .routes(routes!(show_endpoint, remove_endpoint))
        .routes(routes!(disable_endpoint))
        .routes(routes!(enable_endpoint))
        .routes(routes!(rotate_secret))
}

/// Sends webhooks to one more endpoint. The answer has the secret that they are signed with.
#[utoipa::path(post, path = "/webhook-endpoints", tag = "webhooks", params(CommandHeaders), request_body = NewEndpoint,
    responses((status = 201, description = "Registered; a repeat gets the same answer.", body = SecretReceipt), CommandProblems))]
async fn register_endpoint(
    State(api): State<Api>,
    CommandRequest { body, sent }: CommandRequest<NewEndpoint>,
) -> Result<SecretAnswer, Problem> {
    let key = key(&api)?;
    let endpoint_id = EndpointId(derive(sent.command_id, "webhook endpoint"));
    let NewEndpoint {
        url,
        types,
        customer_id,
    } = body;
    let register = RegisterEndpoint {
        endpoint_id,
        url,
        kinds: types.into_iter().map(|kind| kind.0).collect(),
        customer_id,
    };
    let command = WebhookCommand::Register(register);
    let executed = api.send::<Webhooks>(ENDPOINTS, command, &sent).await?;
    let answer = Answer::created::<Webhooks>(executed);
    Ok(SecretAnswer::new(
        answer,
        endpoint_id,
        key.secret(endpoint_id, FIRST),
    ))
}

/// The number of an endpoint's first secret.
const FIRST: u32 = 1;

/// Signs with another secret from now on, and for a day with the one before it as well.
#[utoipa::path(post, path = "/webhook-endpoints/{id}/rotate-secret", tag = "webhooks", request_body = Nothing,
    params(("id" = Uuid, Path, description = "The endpoint."), CommandHeaders),
    responses((status = 200, description = "Rotated; a repeat gets the secret of the last rotation.", body = SecretReceipt), CommandProblems))]
async fn rotate_secret(
    State(api): State<Api>,
    PathParams(id): PathParams<Uuid>,
    CommandRequest { body: _, sent }: CommandRequest<Nothing>,
) -> Result<SecretAnswer, Problem> {
    let key = key(&api)?;
    let endpoint_id = EndpointId(id);
    let command = WebhookCommand::RotateSecret(RotateSecret { endpoint_id });
    let executed = api.send::<Webhooks>(ENDPOINTS, command, &sent).await?;
    let webhooks = api.aggregates.webhooks.load(ENDPOINTS).await?.state;
    let endpoint = webhooks.endpoint(endpoint_id);
    let generation = endpoint
        .map_err(|refusal| refused::refusal(&refusal))?
        .generation;
    let answer = Answer::done::<Webhooks>(executed);
    Ok(SecretAnswer::new(
        answer,
        endpoint_id,
        key.secret(endpoint_id, generation),
    ))
}

/// Sends nothing to an endpoint from now on; what is still to be sent to it is withheld.
#[utoipa::path(post, path = "/webhook-endpoints/{id}/disable", tag = "webhooks", request_body = Nothing,
    params(("id" = Uuid, Path, description = "The endpoint."), CommandHeaders), responses(Done, CommandProblems))]
async fn disable_endpoint(
    State(api): State<Api>,
    PathParams(id): PathParams<Uuid>,
    CommandRequest { body: _, sent }: CommandRequest<Nothing>,
) -> Result<Answer, Problem> {
    let disable = DisableEndpoint {
        endpoint_id: EndpointId(id),
        because: DisabledBecause::Asked,
    };
    send(&api, id, WebhookCommand::Disable(disable), &sent).await
}

/// Sends to a disabled endpoint again; what was withheld meanwhile is sent only if it is replayed.
#[utoipa::path(post, path = "/webhook-endpoints/{id}/enable", tag = "webhooks", request_body = Nothing,
    params(("id" = Uuid, Path, description = "The endpoint."), CommandHeaders), responses(Done, CommandProblems))]
async fn enable_endpoint(
    State(api): State<Api>,
    PathParams(id): PathParams<Uuid>,
    CommandRequest { body: _, sent }: CommandRequest<Nothing>,
) -> Result<Answer, Problem> {
    let endpoint_id = EndpointId(id);
    let command = WebhookCommand::Enable(EnableEndpoint { endpoint_id });
    send(&api, id, command, &sent).await
}

/// Forgets an endpoint.
#[utoipa::path(delete, path = "/webhook-endpoints/{id}", tag = "webhooks",
    params(("id" = Uuid, Path, description = "The endpoint."), CommandHeaders), responses(Done, CommandProblems))]
async fn remove_endpoint(
    State(api): State<Api>,
    PathParams(id): PathParams<Uuid>,
    CommandRequest { body: _, sent }: CommandRequest<Nothing>,
) -> Result<Answer, Problem> {
    let endpoint_id = EndpointId(id);
    let command = WebhookCommand::Remove(RemoveEndpoint { endpoint_id });
    send(&api, id, command, &sent).await
}

/// Lists the endpoints.
#[utoipa::path(get, path = "/webhook-endpoints", tag = "webhooks",
    responses((status = 200, description = "The endpoints.", body = EndpointsBody), ReadProblems))]
async fn list_endpoints(State(api): State<Api>) -> Result<Json<EndpointsBody>, Problem> {
    let webhooks = api.aggregates.webhooks.load(ENDPOINTS).await?.state;
    let endpoints = webhooks.endpoints.iter();
    let endpoints = endpoints.map(|(id, endpoint)| EndpointBody::of(*id, endpoint));
    Ok(Json(EndpointsBody {
        endpoints: endpoints.collect(),
    }))
}

/// Shows an endpoint, without its secret.
#[utoipa::path(get, path = "/webhook-endpoints/{id}", tag = "webhooks", params(("id" = Uuid, Path, description = "The endpoint.")),
    responses((status = 200, description = "The endpoint.", body = EndpointBody), ReadProblems))]
async fn show_endpoint(
    State(api): State<Api>,
    PathParams(id): PathParams<Uuid>,
) -> Result<Json<EndpointBody>, Problem> {
    let id = EndpointId(id);
    let webhooks = api.aggregates.webhooks.load(ENDPOINTS).await?.state;
    let endpoint = webhooks.endpoint(id);
    let endpoint = endpoint.map_err(|refusal| refused::refusal(&refusal))?;
    Ok(Json(EndpointBody::of(id, endpoint)))
}

async fn send(
    api: &Api,
    id: Uuid,
    command: WebhookCommand,
    sent: &Sent,
) -> Result<Answer, Problem> {
    let executed = api.send::<Webhooks>(ENDPOINTS, command, sent).await?;
    let answer = Answer::done::<Webhooks>(executed);
    Ok(answer.of(id.to_string(), href(EndpointId(id))))
}

/// The key from which secrets derive, where this system has one.
fn key(api: &Api) -> Result<&WebhookKey, Problem> {
    api.webhook_key.as_ref().ok_or_else(|| {
        Problem::new(StatusCode::CONFLICT, "webhook.not_configured").detail(
            "this system signs no webhooks: start it with --webhook-key, the same for all processes",
        )
    })
}
