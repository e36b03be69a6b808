//! The lives of the endpoints, and the commands that may reach them.

use chrono::DateTime;
use orderlog_domain::{
    ids::{CustomerId, EndpointId},
    notification::NotificationKind,
    webhook::{
        DisableEndpoint, DisabledBecause, EnableEndpoint, RegisterEndpoint, RemoveEndpoint,
        RotateSecret, WebhookCommand, WebhookUrl, Webhooks,
    },
};
use uuid::Uuid;

use crate::{Asked, Life};

pub(crate) fn lives() -> Vec<Life<Webhooks>> {
    let life = |name, commands: Vec<WebhookCommand>| Life {
        name,
        commands: commands
            .into_iter()
            .map(|command| (DateTime::UNIX_EPOCH, command))
            .collect(),
        now: DateTime::UNIX_EPOCH,
    };
    vec![
        life("No endpoint", vec![]),
        life("Registered", vec![register()]),
        life("Disabled", vec![register(), disable()]),
        life("Enabled again", vec![register(), disable(), enable()]),
        life("Secret rotated", vec![register(), rotate()]),
        life("Removed", vec![register(), remove()]),
    ]
}

pub(crate) fn commands() -> Vec<Asked<WebhookCommand>> {
    [
        ("RegisterEndpoint", register()),
        ("DisableEndpoint", disable()),
        ("EnableEndpoint", enable()),
        ("RotateSecret", rotate()),
        ("RemoveEndpoint", remove()),
    ]
    .map(|(command, says)| Asked {
        command,
        variant: "",
        says,
    })
    .into()
}

const ENDPOINT: EndpointId = EndpointId(Uuid::from_u128(4));

fn register() -> WebhookCommand {
    WebhookCommand::Register(RegisterEndpoint {
        endpoint_id: ENDPOINT,
        url: WebhookUrl::parse("https://example.com/hooks").expect("a URL"),
        kinds: vec![NotificationKind::OrderConfirmed],
        customer_id: CustomerId::parse("c-17").ok(),
    })
}

fn disable() -> WebhookCommand {
    WebhookCommand::Disable(DisableEndpoint {
        endpoint_id: ENDPOINT,
        because: DisabledBecause::Gone,
    })
}

fn enable() -> WebhookCommand {
    let endpoint_id = ENDPOINT;
    WebhookCommand::Enable(EnableEndpoint { endpoint_id })
}

fn rotate() -> WebhookCommand {
    let endpoint_id = ENDPOINT;
    WebhookCommand::RotateSecret(RotateSecret { endpoint_id })
}

fn remove() -> WebhookCommand {
    let endpoint_id = ENDPOINT;
    WebhookCommand::Remove(RemoveEndpoint { endpoint_id })
}
