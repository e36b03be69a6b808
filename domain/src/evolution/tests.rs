//! A toy of an aggregate whose events have gone through all that can happen to them.

use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Evolving, Fields, Form, Told, Unread, UpcastError, Upcaster, decode, version_today};

/// What is recorded of a door today.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Door {
    Hung {
        first: String,
        last: String,
        mm: u64,
    },
    Opened {
        wide: bool,
    },
    Painted {
        colour: String,
    },
}

const HUNG: Form = Form::new("Hung", 3);

impl DomainEvent for Door {
    fn event_type(&self) -> String {
        match self {
            Self::Hung { .. } => "Hung",
            Self::Opened { .. } => "Opened",
            Self::Painted { .. } => "Painted",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        version_today::<Self>(&self.event_type()).to_string()
    }
}

impl Evolving for Door {
    const CHANGED: &'static [Form] = &[HUNG];
    const UPCASTERS: &'static [Upcaster] = &[
        Upcaster {
            from: Form::new("Hung", 1),
            into: &[Form::new("Hung", 2)],
            upcast: split_name,
        },
        Upcaster {
            from: Form::new("Hung", 2),
            into: &[HUNG],
            upcast: to_millimetres,
        },
        Upcaster {
            from: Form::new("Unlocked", 1),
            into: &[Form::new("Opened", 1)],
            upcast: |fields| Ok(vec![Form::new("Opened", 1).told(fields)]),
        },
        Upcaster {
            from: Form::new("Renovated", 1),
            into: &[Form::new("Painted", 1), Form::new("Unlocked", 1)],
            upcast: split_event,
        },
        Upcaster {
            from: Form::new("Looked", 1),
            into: &[],
            upcast: |_| Ok(vec![]),
        },
    ];
}

/// `name` was one field.
fn split_name(mut fields: Fields) -> Result<Vec<Told>, UpcastError> {
    let name = fields.take("name")?;
    let unfit = UpcastError::Unfit {
        field: "name",
        expected: "two words",
    };
    let (first, last) = name
        .as_str()
        .and_then(|it| it.split_once(' '))
        .ok_or(unfit)?;
    Ok(vec![
        Form::new("Hung", 2).told(fields.with("first", first).with("last", last)),
    ])
}

/// The width was in centimetres.
fn to_millimetres(mut fields: Fields) -> Result<Vec<Told>, UpcastError> {
    let unfit = UpcastError::Unfit {
        field: "cm",
        expected: "a whole number",
    };
    let cm = fields.take("cm")?.as_u64().ok_or(unfit)?;
    Ok(vec![HUNG.told(fields.with("mm", cm * 10))])
}

/// Painting and unlocking were one thing, and the unlocking only where it was said.
fn split_event(mut fields: Fields) -> Result<Vec<Told>, UpcastError> {
    let wide = fields.take_optional("wide");
    let mut told = vec![Form::new("Painted", 1).told(fields)];
    if !wide.is_null() {
        told.push(Form::new("Unlocked", 1).told(Fields::default().with("wide", wide)));
    }
    Ok(told)
}

fn read(event_type: &str, version: u16, data: serde_json::Value) -> Result<Vec<Door>, Unread> {
    Ok(decode::<Door>(event_type, version, &data.to_string())?.into_vec())
}

fn hung() -> Door {
    Door::Hung {
        first: "Ann".to_owned(),
        last: "Lee".to_owned(),
        mm: 900,
    }
}

#[test]
fn each_version_is_read_as_todays() {
    let versions = [
        (1, json!({"Hung": {"name": "Ann Lee", "cm": 90}})),
        (
            2,
            json!({"Hung": {"first": "Ann", "last": "Lee", "cm": 90}}),
        ),
        (
            3,
            json!({"Hung": {"first": "Ann", "last": "Lee", "mm": 900}}),
        ),
    ];
    for (version, data) in versions {
        assert_eq!(read("Hung", version, data), Ok(vec![hung()]), "v{version}");
    }
}

#[test]
fn a_type_that_is_called_otherwise_today_is_read() {
    let data = json!({"Unlocked": {"wide": true}});
    assert_eq!(
        read("Unlocked", 1, data),
        Ok(vec![Door::Opened { wide: true }])
    );
}

#[test]
fn an_event_is_read_as_none_one_or_several_in_order() {
    let painted = Door::Painted {
        colour: "red".to_owned(),
    };
    let whole = json!({"Renovated": {"colour": "red", "wide": false}});
    let both = vec![painted.clone(), Door::Opened { wide: false }];
    assert_eq!(read("Renovated", 1, whole), Ok(both));
    let half = json!({"Renovated": {"colour": "red"}});
    assert_eq!(read("Renovated", 1, half), Ok(vec![painted]));
    assert_eq!(read("Looked", 1, json!({"Looked": {"at": 1}})), Ok(vec![]));
}

#[test]
fn what_a_newer_build_wrote_is_told_from_what_is_damaged() {
    let data = || json!({"Hung": {"name": "Ann Lee", "cm": 90}});
    for version in [0, 4, u16::MAX] {
        let unknown = Unread::UnknownVersion {
            event_type: "Hung".to_owned(),
            version,
            known: 3,
        };
        assert_eq!(read("Hung", version, data()), Err(unknown));
    }
    let unknown = Unread::UnknownVersion {
        event_type: "Unlocked".to_owned(),
        version: 2,
        known: 1,
    };
    assert_eq!(read("Unlocked", 2, json!({"Unlocked": {}})), Err(unknown));
    for version in [1, 2] {
        let unknown = Unread::UnknownType {
            event_type: "Burnt".to_owned(),
        };
        assert_eq!(read("Burnt", version, json!({"Burnt": {}})), Err(unknown));
    }
}

#[test]
fn an_older_event_that_has_not_its_form_is_damaged_and_says_why() {
    let cases = [
        (json!({"Hung": {"cm": 90}}), "it has no field name"),
        (
            json!({"Hung": {"name": "Ann", "cm": 90}}),
            "its field name is not two words",
        ),
        (
            json!({"Hung": {"name": "Ann Lee", "cm": "x"}}),
            "its field cm is not a whole number",
        ),
        (
            json!({"Opened": {"name": "Ann Lee"}}),
            "the payload is of another type",
        ),
        (json!({"Hung": 1}), "the payload is of another type"),
        (
            json!({"Hung": {}, "Opened": {}}),
            "the payload is of another type",
        ),
        (json!([]), "the payload is of another type"),
    ];
    for (data, why) in cases {
        let damaged = Unread::Damaged {
            event_type: "Hung".to_owned(),
            reason: why.to_owned(),
        };
        assert_eq!(read("Hung", 1, data), Err(damaged));
    }
}

#[test]
fn todays_form_is_read_as_it_is_and_an_older_payload_in_it_is_damaged() {
    let damaged = read("Hung", 3, json!({"Hung": {"name": "Ann Lee", "cm": 90}}));
    assert!(
        matches!(damaged, Err(Unread::Damaged { .. })),
        "{damaged:?}"
    );
    let other = read("Hung", 3, json!({"Opened": {"wide": true}}));
    assert!(matches!(other, Err(Unread::Damaged { .. })), "{other:?}");
}

#[test]
fn the_toy_keeps_the_rules() {
    assert_eq!(super::check::<Door>(), []);
}
