//! Mails over SMTP. The address is read when the mail is sent, from the one stream that has it, and is
//! written nowhere else: also what a server says of it is recorded without it. The Message-ID derives
//! from the notification, so that a mail sent twice is one mail. Next: `templates` says what is in it.

mod templates;

use std::{fmt, time::Duration};

use async_trait::async_trait;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    message::{Mailbox, MultiPart},
};
use orderlog_domain::{
    contact::{Contact, EmailAddress},
    notification::{Message, WithheldReason},
};
use orderlog_log::executor::Executor;

use self::templates::Templates;
use super::{NotificationChannel, Outgoing, Unsent};

/// How long the server may take for any of its answers.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Where mails go out.
#[derive(Clone)]
pub struct SmtpSettings {
    /// `smtp://user:password@host:port`, with `?tls=required` for STARTTLS, or `smtps://`.
    pub url: String,
    /// Who they are from.
    pub from: String,
}

/// The URL may hold a password.
impl fmt::Debug for SmtpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpSettings")
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

/// Why mails can't be sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The URL can't be used. It is not repeated: it may hold a password.
    #[error("--smtp-url is no URL such as smtp://user:password@host:587?tls=required: {0}")]
    Url(String),
    /// The sender is no mailbox.
    #[error("--mail-from is no mailbox such as 'My Shop <shop@example.com>': {0}")]
    From(String),
    /// A template can't be read.
    #[error("a mail template can't be read: {0}")]
    Template(#[from] minijinja::Error),
}

/// Sends mails.
pub struct MailChannel {
    contacts: Executor<Contact>,
    server: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    templates: Templates,
}

impl MailChannel {
    /// Sends to the addresses of these contacts; nothing is connected yet.
    pub fn new(settings: &SmtpSettings, contacts: Executor<Contact>) -> Result<Self, MailError> {
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(&settings.url);
        let server = server.map_err(|error| MailError::Url(error.to_string()))?;
        let from = settings.from.parse::<Mailbox>();
        Ok(Self {
            contacts,
            server: server.timeout(Some(TIMEOUT)).build(),
            from: from.map_err(|error| MailError::From(format!("{error}")))?,
            templates: Templates::new()?,
        })
    }

    fn composed(&self, message: &Message, to: &EmailAddress) -> Result<lettre::Message, Unsent> {
        let rendered = self.templates.render(message);
        let rendered = rendered.map_err(|error| {
            let kind = message.kind;
            Unsent::Refused(format!("the template of {kind} can't be filled: {error:#}"))
        })?;
        let unfit = |what: String| Unsent::Refused(without(to, &what));
        let address = to.as_str().parse::<lettre::Address>();
        let address = address.map_err(|error| unfit(format!("the address: {error}")))?;
        let domain = self.from.email.domain();
        lettre::Message::builder()
            .message_id(Some(format!("<{}@{domain}>", message.notification_id)))
            .from(self.from.clone())
            .to(Mailbox::new(None, address))
            .subject(rendered.subject)
            .multipart(MultiPart::alternative_plain_html(
                rendered.text,
                rendered.html,
            ))
            .map_err(|error| unfit(format!("the mail can't be composed: {error}")))
    }
}

#[async_trait]
impl NotificationChannel for MailChannel {
    async fn send(&self, outgoing: &Outgoing<'_>) -> Result<(), Unsent> {
        let message = outgoing.message;
        let contact = self.contacts.load(message.customer_id.as_str()).await;
        let contact = contact.map_err(|error| Unsent::Failed(error.to_string()))?;
        let Some(to) = contact.state.mailbox() else {
            return Err(Unsent::Withheld(WithheldReason::TurnedOff));
        };
        let mail = self.composed(message, to)?;
        match self.server.send(mail).await {
            Ok(_) => Ok(()),
            Err(error) => {
                let said = without(to, &with_sources(&error));
                Err(match error.is_permanent() {
                    true => Unsent::Refused(said),
                    false => Unsent::Failed(said),
                })
            }
        }
    }
}

/// What is said, without the address that it is said of.
fn without(address: &EmailAddress, said: &str) -> String {
    let said = said.replace(address.as_str(), "(the address)");
    said.chars().take(500).collect()
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        said = format!("{said}: {cause}");
        source = cause.source();
    }
    said
}

#[cfg(test)]
mod tests;
