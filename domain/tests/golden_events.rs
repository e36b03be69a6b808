//! Every event as it is stored, one file per event and version: `golden/events/<Event>.v<version>.json`.
//! Today's code must read each, and write exactly those of today's versions. Files are never edited: an
//! event that changes gets another version, another file and an upcaster.

mod golden;

use std::{collections::BTreeSet, fs};

use orderlog_domain::{
    contact::ContactEvent,
    evolution::{self, Evolving, golden::all, variants, version_today},
    fulfilment::FulfilmentEvent,
    notification::NotificationEvent,
    order::OrderEvent,
    payment::PaymentEvent,
    product::ProductEvent,
    stock::StockEvent,
    webhook::WebhookEvent,
};

#[test]
fn every_event_is_read_and_written_as_ever() {
    let mut known = BTreeSet::new();
    known.extend(check::<ProductEvent>());
    known.extend(check::<StockEvent>());
    known.extend(check::<PaymentEvent>());
    known.extend(check::<OrderEvent>());
    known.extend(check::<FulfilmentEvent>());
    known.extend(check::<NotificationEvent>());
    known.extend(check::<ContactEvent>());
    known.extend(check::<WebhookEvent>());
    for file in all() {
        let form = (file.event_type, file.version);
        assert!(
            known.contains(&form),
            "{form:?} is of no event that the domain had"
        );
    }
}

/// Holds each event of an enum to its golden files, and answers all forms.
fn check<E: Evolving>() -> Vec<(&'static str, u16)> {
    let mut forms = Vec::new();
    for name in variants::<E>() {
        let version = version_today::<E>(name);
        forms.push((name, version));
        let Some(stored) = stored(name, version) else {
            continue;
        };
        let event: E =
            serde_json::from_str(&stored).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(
            (event.event_type().as_str(), event.event_version()),
            (name, version.to_string())
        );
        let written = serde_json::to_string_pretty(&event).expect("events can be written") + "\n";
        assert_eq!(
            written, stored,
            "{name} v{version} is written otherwise today"
        );
    }
    for upcaster in E::UPCASTERS {
        let (name, version) = (upcaster.from.event_type, upcaster.from.version);
        forms.push((name, version));
        let stored = stored(name, version).expect("a form that was stored keeps its golden file");
        let compact = serde_json::from_str::<serde_json::Value>(&stored).expect("JSON");
        let today = evolution::decode::<E>(name, version, &compact.to_string());
        today.unwrap_or_else(|error| panic!("{name} v{version}: {error}"));
    }
    forms
}

/// The golden file; none where the matrix, which comes by every event, is to write it.
fn stored(name: &str, version: u16) -> Option<String> {
    let path = golden::folder().join(format!("events/{name}.v{version}.json"));
    let stored = fs::read_to_string(path).ok();
    assert!(
        stored.is_some() || golden::updating(),
        "{name} v{version} has no golden file; UPDATE_GOLDEN=1 writes it"
    );
    stored
}
