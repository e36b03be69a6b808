//! The log alone: positions and versions without a gap, each command with the effects that it is
//! recorded with, nothing there twice.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::{finding::Finding, log::Log};

pub(super) fn check(log: &Log) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut last = 0;
    let mut versions: HashMap<&str, u64> = HashMap::new();
    let mut effects: BTreeMap<_, u64> = BTreeMap::new();
    let mut ids = HashSet::new();
    for event in &log.events {
        if event.position != last + 1 {
            let (before, found) = (last, event.position);
            findings.push(Finding::PositionGap { before, found });
        }
        last = event.position;
        let version = versions.entry(&event.stream).or_default();
        if event.version != *version + 1 {
            findings.push(Finding::VersionGap {
                stream: event.stream.clone(),
                before: *version,
                found: event.version,
            });
        }
        *version = event.version;
        *effects.entry(event.command_id).or_default() += 1;
        if !ids.insert(event.event_id) {
            let id = event.event_id.to_string();
            findings.push(Finding::Twice { kind: "event", id });
        }
    }
    let mut recorded: BTreeMap<_, u64> = log
        .commands
        .iter()
        .map(|command| (command.id, command.events))
        .collect();
    for (command, found) in effects {
        let recorded = recorded.remove(&command).unwrap_or_default();
        if recorded != found {
            findings.push(Finding::Effects {
                command,
                recorded,
                found,
            });
        }
    }
    let without = recorded.into_iter().filter(|(_, events)| *events > 0);
    findings.extend(without.map(|(command, recorded)| Finding::Effects {
        command,
        recorded,
        found: 0,
    }));
    findings
}
