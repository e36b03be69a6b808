//! How a customer wants to be told: his address and the channels that he wants. This stream is the
//! only place of the log with anything personal in it: others name the customer by his id.

mod email_address;
mod event;
mod refusal;
mod set_preferences;

use cqrs_es::{Aggregate, event_sink::EventSink};
use serde::{Deserialize, Serialize};

use crate::DecidedAt;

pub use email_address::{EmailAddress, InvalidEmailAddress};
pub use event::ContactEvent;
pub use refusal::ContactRefusal;
pub use set_preferences::SetPreferences;

/// What can be asked of a contact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ContactCommand {
    /// Say all that the customer wants, anew.
    SetPreferences(SetPreferences),
}

/// The state of a contact: what the customer wants, if he ever said it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    /// What he wants.
    pub preferences: Option<Preferences>,
}

/// How a customer wants to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferences {
    /// Where mails go.
    pub email: Option<EmailAddress>,
    /// Whether he wants mails.
    pub by_email: bool,
    /// Whether endpoints may hear of his orders.
    pub by_webhook: bool,
}

/// What holds for a customer who never said anything.
impl Default for Preferences {
    fn default() -> Self {
        Self {
            email: None,
            by_email: false,
            by_webhook: true,
        }
    }
}

impl Aggregate for Contact {
    const TYPE: &'static str = "contact";
    type Command = ContactCommand;
    type Event = ContactEvent;
    type Error = ContactRefusal;
    type Services = DecidedAt;

    async fn handle(
        &mut self,
        command: ContactCommand,
        _at: &DecidedAt,
        sink: &EventSink<Self>,
    ) -> Result<(), ContactRefusal> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: ContactEvent) {
        match event {
            ContactEvent::PreferencesSet {
                email,
                by_email,
                by_webhook,
                ..
            } => {
                self.preferences = Some(Preferences {
                    email,
                    by_email,
                    by_webhook,
                });
            }
        }
    }
}

impl Contact {
    /// What the command brings about, or why it is refused.
    pub fn decide(&self, command: ContactCommand) -> Result<Vec<ContactEvent>, ContactRefusal> {
        match command {
            ContactCommand::SetPreferences(command) => command.decide(self),
        }
    }

    /// The address for a mail, if the customer wants one.
    pub fn mailbox(&self) -> Option<&EmailAddress> {
        let preferences = self.preferences.as_ref()?;
        preferences.email.as_ref().filter(|_| preferences.by_email)
    }

    /// The state's name.
    pub fn state_name(&self) -> &'static str {
        match self.preferences {
            None => "Unsaid",
            Some(_) => "Said",
        }
    }

    /// Names of the commands that the state allows.
    pub fn allowed_commands(&self, _at: DecidedAt) -> Vec<&'static str> {
        vec!["SetPreferences"]
    }
}
