//! What clients were told is so: each acknowledged command is in the log, at the position that was
//! named, and what it created is what was named.

use std::collections::HashMap;

use crate::{
    client::{Acknowledged, Heard},
    finding::Finding,
    log::{Command, Log},
};

pub(super) fn check(log: &Log, heard: &Heard) -> Vec<Finding> {
    let commands: HashMap<_, _> = log
        .commands
        .iter()
        .map(|command| (command.id, command))
        .collect();
    let unanswered = heard.unanswered.iter();
    let unanswered = unanswered.map(|key| Finding::Unanswered { key: *key });
    let wrong = heard.acknowledged.iter().filter_map(|said| {
        wrong(log, commands.get(&said.key).copied(), said).map(|what| Finding::Acknowledged {
            key: said.key,
            path: said.path.clone(),
            position: said.receipt.position,
            what,
        })
    });
    unanswered.chain(wrong).collect()
}

/// What is otherwise than was said.
fn wrong(log: &Log, command: Option<&Command>, said: &Acknowledged) -> Option<&'static str> {
    let Some(command) = command else {
        return Some("the log does not know it");
    };
    if command.refused || command.position != said.receipt.position {
        return Some("the log has it otherwise");
    }
    if command.events == 0 {
        return None;
    }
    let Some(event) = log.at(said.receipt.position) else {
        return Some("no event is there");
    };
    if event.command_id != said.key {
        return Some("another command's event is there");
    }
    if said.path == "/orders" && event.stream != format!("order-{}", said.receipt.id) {
        return Some("another order is there");
    }
    None
}
