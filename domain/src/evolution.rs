//! How events of yesterday become events of today. A stored event never changes; what changes is the
//! form that this build writes, and for every older form an [`Upcaster`] says what it is today. There is
//! one way from a stored event to a fact, [`decode`], so that no reader can forget the older ones.
//! Invariant: an event in today's form is parsed once and passes by no upcaster.
//! Next: `chain` goes step by step, `check` holds the lists to their rules, `golden` has an example of
//! every form.

mod chain;
mod check;
pub mod golden;
mod upcaster;
mod variants;

use std::error::Error;

use cqrs_es::DomainEvent;
use serde::{Serialize, de::DeserializeOwned};
use smallvec::{SmallVec, smallvec};

pub use check::{Broken, check};
pub use upcaster::{Fields, Form, Told, UpcastError, Upcaster};
pub use variants::variants;

/// Events of an aggregate, with what became of their older forms.
pub trait Evolving: DomainEvent + Serialize + DeserializeOwned {
    /// Today's form of each type of event whose form has changed; all others have version 1.
    const CHANGED: &'static [Form] = &[];

    /// One per older form, also of types that there are no more.
    const UPCASTERS: &'static [Upcaster] = &[];
}

/// What one stored event says today: nearly always one event.
pub type Today<E> = SmallVec<[E; 1]>;

/// Why a stored event can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// No event is called so, neither today nor once.
    #[error("this build does not know {event_type}")]
    UnknownType {
        /// The event's type.
        event_type: String,
    },
    /// The type is known, this version of its form is not.
    #[error("this build knows {event_type} up to version {known}, not version {version}")]
    UnknownVersion {
        /// The event's type.
        event_type: String,
        /// The version found.
        version: u16,
        /// The newest version known.
        known: u16,
    },
    /// It has not the form that its type and version say.
    #[error("{event_type} can't be read: {reason}")]
    Damaged {
        /// The event's type.
        event_type: String,
        /// What does not fit.
        reason: String,
    },
}

/// Today's events that a stored one stands for.
pub fn decode<E: Evolving>(event_type: &str, version: u16, data: &str) -> Result<Today<E>, Unread> {
    if !is_of_type(event_type, data) {
        return Err(Unread::Damaged {
            event_type: event_type.to_owned(),
            reason: UpcastError::NotOfType.to_string(),
        });
    }
    if is_today::<E>(event_type, version) {
        return match serde_json::from_str(data) {
            Ok(event) => Ok(smallvec![event]),
            Err(reason) => Err(unread::<E>(event_type, version, reason)),
        };
    }
    chain::upcast(E::UPCASTERS, event_type, version, data)
        .map_err(|reason| unread::<E>(event_type, version, reason))?
        .into_iter()
        .map(|told| told.read(event_type))
        .collect()
}

/// The version in which events of this type are written today; 1 of types that there are not.
pub fn version_today<E: Evolving>(event_type: &str) -> u16 {
    version_among(E::CHANGED, event_type)
}

/// The version that `changed` gives a type.
fn version_among(changed: &[Form], event_type: &str) -> u16 {
    let found = changed.iter().find(|form| form.event_type == event_type);
    found.map_or(1, |form| form.version)
}

/// Whether an event is to be read as it is. Also true of what nobody knows: parsing tells.
fn is_today<E: Evolving>(event_type: &str, version: u16) -> bool {
    version == version_today::<E>(event_type) && find(E::UPCASTERS, event_type, version).is_none()
}

/// The upcaster of a form.
fn find<'a>(upcasters: &'a [Upcaster], event_type: &str, version: u16) -> Option<&'a Upcaster> {
    let of = |it: &&Upcaster| it.from.version == version && it.from.event_type == event_type;
    upcasters.iter().find(of)
}

/// Whether the payload is an event of the type: `{"<type>":{...}}`.
fn is_of_type(event_type: &str, data: &str) -> bool {
    let rest = data.strip_prefix("{\"");
    let rest = rest.and_then(|rest| rest.strip_prefix(event_type));
    rest.is_some_and(|rest| rest.starts_with("\":"))
}

/// What is wrong with an event that could not be read, `reason` being the last that was known.
fn unread<E: Evolving>(event_type: &str, version: u16, reason: impl ToString) -> Unread {
    let event_type = event_type.to_owned();
    let known = newest::<E>(&event_type);
    match known {
        None => Unread::UnknownType { event_type },
        Some(known) if version != known && find(E::UPCASTERS, &event_type, version).is_none() => {
            Unread::UnknownVersion {
                event_type,
                version,
                known,
            }
        }
        Some(_) => Unread::Damaged {
            event_type,
            reason: reason.to_string(),
        },
    }
}

/// The newest version of a type that can be read; none where there never was such a type.
fn newest<E: Evolving>(event_type: &str) -> Option<u16> {
    let today = variants::<E>().contains(&event_type);
    let today = today.then(|| version_today::<E>(event_type));
    let of = |it: &&Upcaster| it.from.event_type == event_type;
    let once = E::UPCASTERS.iter().filter(of).map(|it| it.from.version);
    today.into_iter().chain(once).max()
}

impl Told {
    /// The event that it is today; `stored` is the type of the event that it comes from.
    fn read<E: Evolving>(self, stored: &str) -> Result<E, Unread> {
        let damaged = |reason: &dyn Error| Unread::Damaged {
            event_type: stored.to_owned(),
            reason: reason.to_string(),
        };
        let Form {
            event_type,
            version,
        } = self.form;
        if version != version_today::<E>(event_type) {
            return Err(damaged(&UpcastError::Astray { form: self.form }));
        }
        serde_json::from_value(self.into_payload()).map_err(|error| damaged(&error))
    }
}

#[cfg(test)]
mod tests;
