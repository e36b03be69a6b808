//! Holds an aggregate's list of upcasters to its rules: from every form that ever was, each way leads to
//! a form of today. A list that breaks them would be found out by the one event in a log that needs it;
//! so a server checks all of them before it starts.

use std::collections::BTreeSet;

use super::{Evolving, Form, Upcaster, variants, version_among};

/// A rule that a list of upcasters breaks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Broken {
    /// Versions count from 1.
    #[error("{form}: versions count from 1")]
    NoVersion {
        /// The form.
        form: Form,
    },
    /// A changed form is declared for an event that there is not, or twice.
    #[error("{form} is declared as changed, and there is no such event, or it is there twice")]
    Undeclared {
        /// The form.
        form: Form,
    },
    /// Two upcasters begin with the same form.
    #[error("{form} has two upcasters")]
    Duplicate {
        /// The form.
        form: Form,
    },
    /// An upcaster takes what this build writes.
    #[error("{form} has an upcaster, and is what this build writes or newer")]
    OfToday {
        /// The form.
        form: Form,
    },
    /// A version between 1 and the newest has no upcaster.
    #[error("{form} has no upcaster, and there is a newer version")]
    Gap {
        /// The form.
        form: Form,
    },
    /// An upcaster leads to what this build does not know.
    #[error("the upcaster of {from} leads to {into}, which this build does not know")]
    LeadsNowhere {
        /// Its form.
        from: Form,
        /// Where it leads.
        into: Form,
    },
    /// Upcasters lead back to where they began.
    #[error("the upcasters of {form} lead back to it")]
    Circle {
        /// The form.
        form: Form,
    },
}

/// All rules that the upcasters of an aggregate break; none where all is well.
pub fn check<E: Evolving>() -> Vec<Broken> {
    Lists {
        types: &variants::<E>(),
        changed: E::CHANGED,
        upcasters: E::UPCASTERS,
    }
    .broken()
}

/// What an aggregate says of its events.
struct Lists<'a> {
    types: &'a [&'static str],
    changed: &'a [Form],
    upcasters: &'a [Upcaster],
}

impl Lists<'_> {
    fn broken(&self) -> Vec<Broken> {
        let mut broken = BTreeSet::new();
        broken.extend(self.declarations());
        broken.extend(self.beginnings());
        broken.extend(self.gaps());
        broken.extend(self.ends());
        broken.extend(self.circles());
        broken.into_iter().collect()
    }

    /// Today's form of a type that there is today.
    fn today(&self, event_type: &str) -> Option<Form> {
        let name = self.types.iter().find(|name| **name == event_type)?;
        Some(Form::new(name, version_among(self.changed, name)))
    }

    fn of(&self, form: Form) -> impl Iterator<Item = &Upcaster> {
        self.upcasters.iter().filter(move |it| it.from == form)
    }

    fn declarations(&self) -> impl Iterator<Item = Broken> {
        let twice = |form: &Form| {
            let same = |other: &&Form| other.event_type == form.event_type;
            self.changed.iter().filter(same).count() > 1
        };
        let unknown = move |form: &&Form| self.today(form.event_type).is_none() || twice(form);
        let declared = self.changed.iter().filter(unknown);
        let undeclared = declared.map(|form| Broken::Undeclared { form: *form });
        let from = self.upcasters.iter().map(|it| it.from);
        let forms = from.chain(self.changed.iter().copied());
        let unversioned = forms.filter(|form| form.version == 0);
        undeclared.chain(unversioned.map(|form| Broken::NoVersion { form }))
    }

    fn beginnings(&self) -> impl Iterator<Item = Broken> {
        self.upcasters.iter().flat_map(|upcaster| {
            let form = upcaster.from;
            let today = self.today(form.event_type);
            let of_today = today.is_some_and(|today| form.version >= today.version);
            let twice = self.of(form).count() > 1;
            let of_today = of_today.then_some(Broken::OfToday { form });
            of_today
                .into_iter()
                .chain(twice.then_some(Broken::Duplicate { form }))
        })
    }

    /// Every version below the newest that a type has or had must have an upcaster.
    fn gaps(&self) -> impl Iterator<Item = Broken> {
        let once = self.upcasters.iter().map(|it| it.from);
        let newest = once.chain(self.changed.iter().copied());
        newest.flat_map(|newest| {
            let older = (1..newest.version).map(move |it| Form::new(newest.event_type, it));
            let missing = older.filter(|form| self.of(*form).next().is_none());
            missing.map(|form| Broken::Gap { form })
        })
    }

    fn ends(&self) -> impl Iterator<Item = Broken> {
        self.upcasters.iter().flat_map(|upcaster| {
            let from = upcaster.from;
            let known = |into: &Form| {
                self.today(into.event_type) == Some(*into) || self.of(*into).next().is_some()
            };
            let unknown = upcaster.into.iter().filter(move |into| !known(into));
            unknown.map(move |into| Broken::LeadsNowhere { from, into: *into })
        })
    }

    fn circles(&self) -> impl Iterator<Item = Broken> {
        let forms = self.upcasters.iter().map(|it| it.from);
        let circular = forms.filter(|form| self.reachable(*form).contains(form));
        circular.map(|form| Broken::Circle { form })
    }

    /// All forms that may come of this one, in any number of steps.
    fn reachable(&self, form: Form) -> BTreeSet<Form> {
        let (mut found, mut ahead) = (BTreeSet::new(), vec![form]);
        while let Some(form) = ahead.pop() {
            let next = self.of(form).flat_map(|it| it.into);
            let new: Vec<_> = next.filter(|into| found.insert(**into)).collect();
            ahead.extend(new);
        }
        found
    }
}

#[cfg(test)]
mod tests;
