//! What is wrong: with what this build says of its own events, and with a log that it is to read.

use orderlog_domain::{
    evolution::{Broken, Form},
    schema::{self, Family, Unproved},
};
use orderlog_log::event::Position;
use orderlog_runtime::dead_letter;
use serde::{Serialize, Serializer};

use super::census::{Census, Counted};

/// The forms that this build knows.
pub(super) struct Known(Vec<Family>);

impl Known {
    pub(super) fn of_this_build() -> Self {
        let mut families = schema::families();
        families.push(Family {
            category: dead_letter::CATEGORY,
            today: dead_letter::forms()
                .map(|(event_type, version)| Form::new(event_type, version))
                .to_vec(),
            older: Vec::new(),
            broken: Vec::new(),
        });
        Self(families)
    }

    /// As what counted events are read, in words.
    pub(super) fn read_as(&self, counted: &Counted) -> String {
        match self.way(counted) {
            Ok(Way::Today) => "today's".to_owned(),
            Ok(Way::Upcast([])) => "nothing".to_owned(),
            Ok(Way::Upcast(into)) => {
                let into: Vec<_> = into.iter().map(ToString::to_string).collect();
                into.join(", ")
            }
            Err(_) => "unknown".to_owned(),
        }
    }

    fn way(&self, counted: &Counted) -> Result<Way, What> {
        let family = self.0.iter().find(|it| it.category == counted.category);
        let family = family.ok_or(What::UnknownStreams)?;
        let is = |form: &Form| form.event_type == counted.event_type;
        let today = family.today.iter().find(|form| is(form));
        if today.is_some_and(|form| form.version == counted.version) {
            return Ok(Way::Today);
        }
        let older = family.older.iter().filter(|(form, _)| is(form));
        let mut newest = today.map(|form| form.version);
        for (form, into) in older {
            if form.version == counted.version {
                return Ok(Way::Upcast(into));
            }
            newest = newest.max(Some(form.version));
        }
        Err(newest.map_or(What::UnknownType, What::UnknownVersion))
    }
}

/// How events of a form are read.
enum Way {
    /// As they are.
    Today,
    /// As events of these forms.
    Upcast(&'static [Form]),
}

/// Something that is wrong.
#[derive(Debug, thiserror::Error)]
pub(super) enum Finding {
    /// With the upcasters.
    #[error("{0}")]
    Broken(Broken),
    /// With the golden files.
    #[error("{0}")]
    Unproved(Unproved),
    /// With the log.
    #[error(
        "{category} {event_type} v{version} ({events} of them, the first at position {first}): {what}"
    )]
    InLog {
        category: String,
        event_type: String,
        version: u16,
        events: u64,
        first: Position,
        what: What,
    },
}

/// What is wrong with some events of a log.
#[derive(Debug, thiserror::Error)]
pub(super) enum What {
    #[error("this build has no such streams")]
    UnknownStreams,
    #[error("this build does not know the type")]
    UnknownType,
    #[error("this build knows versions up to {0} and has no upcaster for this one")]
    UnknownVersion(u16),
    #[error("{0}")]
    Unread(String),
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// All that is wrong with this build and the log.
pub(super) fn findings(known: &Known, census: &Census) -> Vec<Finding> {
    let broken = known.0.iter().flat_map(|family| family.broken.clone());
    let broken = broken.map(Finding::Broken);
    let unproved = schema::unproved().into_iter().map(Finding::Unproved);
    let in_log = census
        .counted()
        .filter_map(|counted| in_log(known, counted));
    broken.chain(unproved).chain(in_log).collect()
}

fn in_log(known: &Known, counted: &Counted) -> Option<Finding> {
    let (events, first, what) = match (known.way(counted), &counted.unread) {
        (Err(what), _) => (counted.events, counted.first, what),
        (Ok(_), Some(unread)) => {
            let reason = What::Unread(unread.reason.clone());
            (unread.events, unread.first, reason)
        }
        (Ok(_), None) => return None,
    };
    Some(Finding::InLog {
        category: counted.category.clone(),
        event_type: counted.event_type.clone(),
        version: counted.version,
        events,
        first,
        what,
    })
}
