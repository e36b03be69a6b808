//! One step of an event's history: what an event in one older form is in newer ones. Pure: what it does
//! not find in the event, it can't know. Next: `chain` takes one step after the other.

use std::fmt;

use serde_json::{Map, Value, json};

/// A type of event in one version of its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Form {
    /// The type.
    pub event_type: &'static str,
    /// The version, from 1.
    pub version: u16,
}

impl Form {
    /// Version `version` of `event_type`.
    pub const fn new(event_type: &'static str, version: u16) -> Self {
        Self {
            event_type,
            version,
        }
    }

    /// An event of this form with these fields.
    pub fn told(self, fields: Fields) -> Told {
        Told { form: self, fields }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} v{}", self.event_type, self.version)
    }
}

/// What an event in an older form is in newer ones: none (it says nothing any more), one, or several
/// in this order. To change a field, to give a type another name and to split an event are all the same.
#[derive(Clone, Copy, Debug)]
pub struct Upcaster {
    /// The older form.
    pub from: Form,
    /// All forms that may come of it, so that a way can be checked before an event goes it.
    pub into: &'static [Form],
    /// What comes of the fields of one event.
    pub upcast: fn(Fields) -> Result<Vec<Told>, UpcastError>,
}

/// An event in some form.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The form.
    pub form: Form,
    /// Its fields.
    pub fields: Fields,
}

impl Told {
    /// As it would be stored: `{"<type>":{...}}`.
    pub fn into_payload(self) -> Value {
        json!({ self.form.event_type: self.fields.0 })
    }
}

/// The fields of an event, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields(pub(super) Map<String, Value>);

impl Fields {
    /// Takes a field out; null where it is not there.
    pub fn take_optional(&mut self, name: &str) -> Value {
        self.0.remove(name).unwrap_or_default()
    }

    /// Takes out a field that must be there.
    pub fn take(&mut self, name: &'static str) -> Result<Value, UpcastError> {
        let missing = UpcastError::Missing { field: name };
        self.0.remove(name).ok_or(missing)
    }

    /// A copy of a field that must be there.
    pub fn copy(&self, name: &'static str) -> Result<Value, UpcastError> {
        let missing = UpcastError::Missing { field: name };
        self.0.get(name).cloned().ok_or(missing)
    }

    /// The same with one field more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// The same with a field under another name.
    pub fn renamed(mut self, old: &'static str, new: &str) -> Result<Self, UpcastError> {
        let value = self.take(old)?;
        Ok(self.with(new, value))
    }
}

/// Why an event in an older form can't be turned into newer ones.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpcastError {
    /// A field is not there.
    #[error("it has no field {field}")]
    Missing {
        /// The field.
        field: &'static str,
    },
    /// A field has no value of its kind.
    #[error("its field {field} is not {expected}")]
    Unfit {
        /// The field.
        field: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// The payload is not `{"<type>":{...}}`.
    #[error("the payload is of another type")]
    NotOfType,
    /// The payload is no JSON.
    #[error("{0}")]
    NoJson(String),
    /// An upcaster made a form that it had not announced.
    #[error("the upcaster of {from} made {form}, which it does not announce")]
    Unannounced {
        /// The older form.
        from: Form,
        /// What it made.
        form: Form,
    },
    /// The way leads to a form that no build writes and no upcaster takes.
    #[error("the upcasters lead to {form}, which is not today's")]
    Astray {
        /// That form.
        form: Form,
    },
}
