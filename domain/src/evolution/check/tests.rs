//! Each rule, broken alone.

use proptest::{collection::vec, prelude::*};

use super::{Broken, Lists};
use crate::evolution::{Form, Upcaster};

const fn form(event_type: &'static str, version: u16) -> Form {
    Form::new(event_type, version)
}

fn upcaster(from: Form, into: &[Form]) -> Upcaster {
    Upcaster {
        from,
        into: into.to_vec().leak(),
        upcast: |_| Ok(vec![]),
    }
}

/// What is wrong where there are the events A and B today.
fn broken(changed: &[Form], upcasters: &[Upcaster]) -> Vec<Broken> {
    Lists {
        types: &["A", "B"],
        changed,
        upcasters,
    }
    .broken()
}

const A2: &[Form] = &[form("A", 2)];
const A3: &[Form] = &[form("A", 3)];
const B1: &[Form] = &[form("B", 1)];

#[test]
fn what_leads_to_today_is_sound() {
    assert_eq!(broken(&[], &[]), []);
    let steps = [upcaster(form("A", 1), A2), upcaster(form("A", 2), A3)];
    assert_eq!(broken(A3, &steps), []);
    // In any order, also in one leap, by another name, into both, and into nothing.
    let leaps = [
        upcaster(form("A", 2), A3),
        upcaster(form("A", 1), A3),
        upcaster(form("Once", 1), B1),
        upcaster(form("Once", 2), &[form("B", 1), form("A", 1)]),
        upcaster(form("Never", 1), &[]),
    ];
    assert_eq!(broken(A3, &leaps), []);
}

#[test]
fn a_gap_is_found() {
    let gap = |version| Broken::Gap {
        form: form("A", version),
    };
    assert_eq!(broken(A3, &[upcaster(form("A", 2), A3)]), [gap(1)]);
    let jump = [upcaster(form("A", 1), A3)];
    assert_eq!(broken(A3, &jump), [gap(2)]);
    let of_old = Broken::Gap {
        form: form("Once", 1),
    };
    assert_eq!(broken(&[], &[upcaster(form("Once", 2), B1)]), [of_old]);
}

#[test]
fn two_upcasters_of_one_form_are_found() {
    let twice = [upcaster(form("A", 1), A2), upcaster(form("A", 1), B1)];
    let duplicate = Broken::Duplicate { form: form("A", 1) };
    assert_eq!(broken(A2, &twice), [duplicate]);
}

#[test]
fn an_upcaster_of_today_or_of_tomorrow_is_found() {
    let of_today = |version| Broken::OfToday {
        form: form("A", version),
    };
    assert_eq!(broken(&[], &[upcaster(form("A", 1), B1)]), [of_today(1)]);
    let later = [upcaster(form("A", 1), A2), upcaster(form("A", 3), A2)];
    let found = broken(A2, &later);
    assert!(found.contains(&of_today(3)), "{found:?}");
}

#[test]
fn a_way_to_what_there_is_not_is_found() {
    for into in [form("C", 1), form("B", 2), form("A", 3)] {
        let from = form("A", 1);
        let lost = upcaster(from, &[into]);
        assert_eq!(broken(A2, &[lost]), [Broken::LeadsNowhere { from, into }]);
    }
}

#[test]
fn a_circle_is_found() {
    let circle = |event_type| Broken::Circle {
        form: form(event_type, 1),
    };
    let round = [
        upcaster(form("C", 1), &[form("D", 1)]),
        upcaster(form("D", 1), &[form("C", 1), form("B", 1)]),
    ];
    assert_eq!(broken(&[], &round), [circle("C"), circle("D")]);
    let own = [upcaster(form("C", 1), &[form("C", 1)])];
    assert_eq!(broken(&[], &own), [circle("C")]);
}

#[test]
fn a_declaration_of_what_there_is_not_is_found() {
    let undeclared = Broken::Undeclared { form: form("C", 1) };
    assert_eq!(broken(&[form("C", 1)], &[]), [undeclared]);
    let twice = broken(&[form("A", 1), form("A", 1)], &[]);
    assert_eq!(twice, [Broken::Undeclared { form: form("A", 1) }]);
    let zero = broken(&[form("A", 0)], &[]);
    assert_eq!(zero, [Broken::NoVersion { form: form("A", 0) }]);
}

/// Types of the lists that are drawn: A and B there are today, O there was once.
const TYPES: [&str; 3] = ["A", "B", "O"];

fn any_form() -> impl Strategy<Value = Form> {
    (0..TYPES.len(), 1_u16..=3).prop_map(|(at, version)| form(TYPES[at], version))
}

fn any_upcaster() -> impl Strategy<Value = Upcaster> {
    (any_form(), vec(any_form(), 0..3)).prop_map(|(from, into)| upcaster(from, &into))
}

/// Whether each way from a form, gone step by step, ends in a form of today.
fn ends(today: [Form; 2], upcasters: &[Upcaster], from: Form, steps: usize) -> bool {
    let mut ways = upcasters.iter().filter(|it| it.from == from);
    match ways.next() {
        None => today.contains(&from),
        Some(_) if steps == 0 => false,
        Some(way) => {
            let on = |into: &Form| ends(today, upcasters, *into, steps - 1);
            way.into.iter().all(on)
        }
    }
}

/// The rules in other words.
fn is_sound(today: [Form; 2], upcasters: &[Upcaster]) -> bool {
    let of = |form: Form| upcasters.iter().filter(move |it| it.from == form).count();
    let newest = |name: &str| {
        let once = upcasters.iter().map(|it| it.from);
        let forms = once.chain(today).filter(|form| form.event_type == name);
        forms.map(|form| form.version).max().unwrap_or(0)
    };
    let complete = TYPES.iter().all(|name| {
        let is_today = today.iter().find(|form| form.event_type == *name);
        let older = match is_today {
            Some(today) if newest(name) > today.version => return false,
            Some(today) => today.version - 1,
            None => newest(name),
        };
        let one_each = (1..=older).all(|version| of(form(name, version)) == 1);
        one_each && is_today.is_none_or(|today| of(*today) == 0)
    });
    complete
        && upcasters
            .iter()
            .all(|it| ends(today, upcasters, it.from, 20))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn nothing_is_found_where_every_older_form_leads_to_today_and_only_there(
        a in 1_u16..=3,
        b in 1_u16..=2,
        upcasters in vec(any_upcaster(), 0..5),
    ) {
        let today = [form("A", a), form("B", b)];
        let found = broken(&today, &upcasters);
        prop_assert_eq!(found.is_empty(), is_sound(today, &upcasters), "{:?}", found);
    }
}
