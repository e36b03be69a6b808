//! What mails say: a text and an HTML template per kind of message. A field that a template names and
//! the message does not have is an error, never a blank: nobody is sent half a sentence.

use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};
use orderlog_domain::notification::{Message, NotificationKind};

/// A mail's contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rendered {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

/// The templates, read once.
pub(super) struct Templates(Environment<'static>);

/// The files of a kind: text, whose first line is the subject, and HTML.
macro_rules! files {
    ($($name:literal),*) => {
        [$(
            (
                concat!($name, ".txt"),
                include_str!(concat!("../../../templates/", $name, ".txt")),
            ),
            (
                concat!($name, ".html"),
                include_str!(concat!("../../../templates/", $name, ".html")),
            ),
        )*]
    };
}

const FILES: [(&str, &str); 14] = files![
    "order.confirmed",
    "order.rejected",
    "order.cancelled",
    "payment.action_required",
    "payment.refunded",
    "order.dispatched",
    "order.delivered"
];

const LAYOUT: (&str, &str) = (
    "layout.html",
    include_str!("../../../templates/layout.html"),
);

const SUBJECT: &str = "Subject: ";

impl Templates {
    pub(super) fn new() -> Result<Self, Error> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|name| match name.ends_with(".html") {
            true => AutoEscape::Html,
            false => AutoEscape::None,
        });
        for (name, text) in FILES.into_iter().chain([LAYOUT]) {
            environment.add_template(name, text)?;
        }
        Ok(Self(environment))
    }

    pub(super) fn render(&self, message: &Message) -> Result<Rendered, Error> {
        let text = self.filled(message.kind, "txt", message)?;
        let html = self.filled(message.kind, "html", message)?;
        let (first, text) = text.split_once('\n').unwrap_or((&text, ""));
        let subject = first.strip_prefix(SUBJECT).ok_or_else(|| {
            let kind = ErrorKind::BadSerialization;
            Error::new(kind, "the first line of a text template is its subject")
        })?;
        Ok(Rendered {
            subject: subject.trim().to_owned(),
            text: text.trim_start().to_owned(),
            html,
        })
    }

    fn filled(
        &self,
        kind: NotificationKind,
        form: &str,
        message: &Message,
    ) -> Result<String, Error> {
        let mut fields = message.details.clone();
        fields.insert("order_id".to_owned(), message.order_id.to_string());
        fields.insert("text".to_owned(), message.text.clone());
        let template = self.0.get_template(&format!("{kind}.{form}"))?;
        template.render(Value::from_serialize(&fields))
    }
}

#[cfg(test)]
mod tests;
