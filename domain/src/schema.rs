//! All forms of events that this build knows, by the kind of their streams, and what is wrong with them:
//! for the check at the start of a server and for `orderlog schema check`, which compares them with what
//! a log holds. Next: `evolution` reads what is stored.

use cqrs_es::Aggregate;

use crate::{
    contact::Contact,
    evolution::{self, Broken, Evolving, Form, golden, variants, version_today},
    fact::Fact,
    fulfilment::Fulfilment,
    notification::Notification,
    order::Order,
    payment::Payment,
    product::Product,
    stock::StockItem,
    webhook::Webhooks,
};

/// The events of one kind of stream.
#[derive(Clone, Debug)]
pub struct Family {
    /// The kind: what stands before the first `-` of a stream's name.
    pub category: &'static str,
    /// What this build writes.
    pub today: Vec<Form>,
    /// What it only reads, each with what may come of it.
    pub older: Vec<(Form, &'static [Form])>,
    /// What is wrong with the upcasters.
    pub broken: Vec<Broken>,
}

/// Every family, by category.
pub fn families() -> Vec<Family> {
    vec![
        of::<Contact>(),
        of::<Notification>(),
        of::<Order>(),
        of::<Payment>(),
        of::<Product>(),
        of::<Fulfilment>(),
        of::<StockItem>(),
        of::<Webhooks>(),
    ]
}

fn of<A: Aggregate<Event: Evolving>>() -> Family {
    let names = variants::<A::Event>().into_iter();
    let today = names.map(|name| Form::new(name, version_today::<A::Event>(name)));
    let older = A::Event::UPCASTERS.iter();
    Family {
        category: A::TYPE,
        today: today.collect(),
        older: older.map(|it| (it.from, it.into)).collect(),
        broken: evolution::check::<A::Event>(),
    }
}

/// Upcasters that break a rule: nothing may be read with them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the upcasters of this build are wrong: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct Unsound(pub Vec<Broken>);

/// Whether all that was ever stored leads to what this build knows. To be asked before a log is opened.
pub fn check() -> Result<(), Unsound> {
    let broken: Vec<_> = families().into_iter().flat_map(|it| it.broken).collect();
    if broken.is_empty() {
        return Ok(());
    }
    Err(Unsound(broken))
}

/// The types under which events lie in a log that are of one of these types today: for whoever reads
/// some types alone.
pub fn stored_as(event_types: &[&'static str]) -> Vec<&'static str> {
    let families = families();
    let older = families.iter().flat_map(|family| &family.older);
    let older: Vec<_> = older.collect();
    let mut stored = event_types.to_vec();
    let mut seen = 0;
    while let Some(wanted) = stored.get(seen).copied() {
        seen += 1;
        for (from, into) in &older {
            let leads = into.iter().any(|form| form.event_type == wanted);
            if leads && !stored.contains(&from.event_type) {
                stored.push(from.event_type);
            }
        }
    }
    stored
}

/// What is wrong with a form of this build by its example.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unproved {
    /// There is no example.
    #[error("{0} has no golden file")]
    Missing(Form),
    /// The example can't be read.
    #[error("the golden file of {form} can't be read: {reason}")]
    Unread {
        /// The form.
        form: Form,
        /// Why not.
        reason: String,
    },
    /// There is an example of a form that this build does not know.
    #[error("there is a golden file of {event_type} v{version}, which this build does not know")]
    Unknown {
        /// The type.
        event_type: &'static str,
        /// The version.
        version: u16,
    },
}

/// Holds every form of this build to its example.
pub fn unproved() -> Vec<Unproved> {
    let mut unproved = Vec::new();
    let mut goldens = golden::all();
    for family in families() {
        let older = family.older.iter().map(|(form, _)| *form);
        for form in family.today.iter().copied().chain(older) {
            let is_of = |it: &golden::Golden| {
                (it.event_type, it.version) == (form.event_type, form.version)
            };
            let Some(at) = goldens.iter().position(is_of) else {
                unproved.push(Unproved::Missing(form));
                continue;
            };
            if let Err(reason) = read(family.category, &goldens.remove(at)) {
                unproved.push(Unproved::Unread { form, reason });
            }
        }
    }
    unproved.extend(goldens.iter().map(|it| Unproved::Unknown {
        event_type: it.event_type,
        version: it.version,
    }));
    unproved
}

fn read(category: &str, golden: &golden::Golden) -> Result<(), String> {
    let data = golden.compact().map_err(|error| error.to_string())?;
    let read = Fact::decode(category, golden.event_type, golden.version, &data);
    read.map(drop).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_upcasters_of_this_build_are_sound() {
        assert_eq!(check(), Ok(()));
    }

    #[test]
    fn every_form_has_an_example_that_can_be_read() {
        assert_eq!(unproved(), []);
    }

    #[test]
    fn what_is_unsound_is_said_in_one_line() {
        let form = Form::new("OrderPlaced", 1);
        let unsound = Unsound(vec![Broken::Gap { form }, Broken::Duplicate { form }]);
        assert_eq!(
            unsound.to_string(),
            "the upcasters of this build are wrong: OrderPlaced v1 has no upcaster, and there is a newer \
             version; OrderPlaced v1 has two upcasters"
        );
    }

    #[test]
    fn an_older_name_is_read_by_whoever_wants_todays() {
        assert_eq!(stored_as(&["OrderPlaced"]), ["OrderPlaced"]);
        // Version 1 of it goes by the same name.
        assert_eq!(stored_as(&["ProductRegistered"]), ["ProductRegistered"]);
    }

    #[test]
    fn a_type_belongs_to_one_family() {
        let mut names: Vec<_> = families()
            .iter()
            .flat_map(|family| {
                let older = family.older.iter().map(|(form, _)| form.event_type);
                let mut names: Vec<_> = family.today.iter().map(|form| form.event_type).collect();
                names.extend(older);
                names.sort_unstable();
                names.dedup();
                names
            })
            .collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
