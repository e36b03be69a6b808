//! The options that say how customers are told. Without them notifications are recorded and logged.

use std::convert::Infallible;

use clap::Args;
use orderlog_command_api::{process::notifications::mail::SmtpSettings, webhook_key::WebhookKey};

use super::Failure;
use crate::system::Channels;

/// How customers are told.
#[derive(Clone, Debug, Args)]
pub(super) struct ChannelArgs {
    /// SMTP server for mails to customers, such as smtp://user:password@host:587?tls=required, or
    /// smtps://; without one, mail is no channel.
    #[arg(
        long,
        env = "ORDERLOG_SMTP_URL",
        hide_env_values = true,
        value_name = "URL",
        value_parser = Hidden::new
    )]
    smtp_url: Option<Hidden>,

    /// Who mails are from, such as 'My Shop <shop@example.com>'.
    #[arg(long, env = "ORDERLOG_MAIL_FROM", value_name = "MAILBOX")]
    mail_from: Option<String>,

    /// Key in base64, of 32 bytes or more, from which the secrets of webhook endpoints derive; the same
    /// for all processes. Without one, webhooks are no channel.
    #[arg(
        long,
        env = "ORDERLOG_WEBHOOK_KEY",
        hide_env_values = true,
        value_name = "KEY",
        value_parser = Hidden::new
    )]
    webhook_key: Option<Hidden>,

    /// Let webhooks go to addresses that are not of the public internet. For tests and development.
    #[arg(long, env = "ORDERLOG_WEBHOOK_ALLOW_INTERNAL")]
    webhook_allow_internal: bool,
}

impl ChannelArgs {
    pub(super) fn channels(&self) -> Result<Channels, Failure> {
        let smtp = match (self.smtp_url.clone(), self.mail_from.clone()) {
            (Some(Hidden(url)), Some(from)) => Some(SmtpSettings { url, from }),
            (None, None) => None,
            (Some(_), None) => {
                let message =
                    "--smtp-url asks for --mail-from, such as 'My Shop <shop@example.com>'";
                return Err(Failure::usage(message));
            }
            (None, Some(_)) => {
                let message = "--mail-from asks for --smtp-url, such as smtp://localhost:25";
                return Err(Failure::usage(message));
            }
        };
        let key = self.webhook_key.as_ref();
        let key = key.map(|Hidden(text)| WebhookKey::parse(text)).transpose();
        Ok(Channels {
            smtp,
            webhook_key: key.map_err(|error| Failure::usage(format!("--webhook-key: {error}")))?,
            webhook_allow_internal: self.webhook_allow_internal,
        })
    }
}

/// What may be secret, or hold a secret: not shown, not even where it can't be read.
#[derive(Clone)]
struct Hidden(String);

impl Hidden {
    fn new(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hidden")
    }
}
