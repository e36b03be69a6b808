//! Every event as it is stored, one file per event and version: `golden/events/<Event>.v1.json`.
//! Today's code must read each and write exactly it. Files are never edited: an event that
//! changes gets another version, another file and an upcaster.

mod golden;

#[path = "golden_events/variants.rs"]
mod variants;

use std::{collections::BTreeSet, fs};

use cqrs_es::DomainEvent;
use orderlog_domain::{
    contact::ContactEvent, fulfilment::FulfilmentEvent, notification::NotificationEvent,
    order::OrderEvent, payment::PaymentEvent, product::ProductEvent, stock::StockEvent,
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
    let files = fs::read_dir(golden::folder().join("events")).expect("there are golden events");
    for file in files {
        let name = file.expect("the folder can be read").file_name();
        let name = name.to_string_lossy();
        let event = name.split('.').next().unwrap_or_default();
        assert!(
            known.contains(event),
            "{name} is of no event that the domain has"
        );
    }
}

/// Holds each event of an enum to its golden file, and answers the names of all.
fn check<E: DomainEvent>() -> Vec<&'static str> {
    let names = variants::variants::<E>();
    for name in &names {
        let file = format!("{name}.v1.json");
        let path = golden::folder().join("events").join(&file);
        let Ok(stored) = fs::read_to_string(path) else {
            // The matrix comes by every event and writes what is missing.
            assert!(
                golden::updating(),
                "{name} has no golden file; UPDATE_GOLDEN=1 writes it"
            );
            continue;
        };
        let event: E =
            serde_json::from_str(&stored).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(
            (event.event_type().as_str(), event.event_version().as_str()),
            (*name, "1"),
            "{file}"
        );
        let written = serde_json::to_string_pretty(&event).expect("events can be written") + "\n";
        assert_eq!(written, stored, "{file} is written otherwise today");
    }
    names
}
