//! The channels through which customers are told. Each has a work loop of its own, with places of its
//! own: one whose server hangs holds up neither the others nor timers and payments. What was not
//! configured has its loop all the same, and says so of every message that comes there.

use std::sync::Arc;

use orderlog_command_api::process::notifications::{
    MAIL, NotConfigured, NotificationChannel, Notifications, WEBHOOK,
    mail::MailChannel,
    webhook::{WebhookChannel, WebhookSettings},
};
use orderlog_domain::notification::Available;
use orderlog_runtime::work::{WorkLoop, WorkSettings, WorkStore};

use super::{Channels, StartError, System};

/// Mails under way at the same time: what one SMTP server takes without complaint.
const MAILS: usize = 8;

/// Which channels these settings make.
pub(super) fn available(channels: &Channels) -> Available {
    Available {
        email: channels.smtp.is_some(),
        webhook: channels.webhook_key.is_some(),
    }
}

/// One loop per channel.
pub(super) fn loops(
    system: &System,
    work: &Arc<dyn WorkStore>,
    channels: &Channels,
) -> Result<[WorkLoop; 2], StartError> {
    let Available { email, webhook } = available(channels);
    tracing::info!(
        email,
        webhook,
        webhook_allow_internal = channels.webhook_allow_internal,
        "customers are told through the log, and through channels that are configured: \
         --smtp-url with --mail-from for email, --webhook-key for webhooks"
    );
    let settings = WorkSettings::default();
    let mails = WorkSettings {
        concurrency: MAILS,
        ..settings
    };
    let run = |kind, channel, settings| {
        let (aggregates, clock) = (system.aggregates.clone(), system.clock.clone());
        let handler = Notifications::new(aggregates, channel, clock.clone());
        WorkLoop::new(Arc::clone(work), clock, settings).handle(kind, Arc::new(handler))
    };
    Ok([
        run(MAIL, mail(system, channels)?, mails),
        run(WEBHOOK, webhooks(system, channels)?, settings),
    ])
}

fn mail(system: &System, channels: &Channels) -> Result<Arc<dyn NotificationChannel>, StartError> {
    Ok(match &channels.smtp {
        Some(smtp) => Arc::new(MailChannel::new(smtp, system.aggregates.contacts.clone())?),
        None => Arc::new(NotConfigured),
    })
}

fn webhooks(
    system: &System,
    channels: &Channels,
) -> Result<Arc<dyn NotificationChannel>, StartError> {
    let Some(key) = &channels.webhook_key else {
        return Ok(Arc::new(NotConfigured));
    };
    let settings = WebhookSettings {
        allow_internal: channels.webhook_allow_internal,
        ..WebhookSettings::new(key.clone())
    };
    let endpoints = system.aggregates.webhooks.clone();
    Ok(Arc::new(WebhookChannel::new(settings, endpoints)?))
}
