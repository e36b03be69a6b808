//! What two places compare to know that they hold the same log: counts, and a hash over every field
//! of every event and command. It does not depend on where one stretch ends and the next begins.

use serde::{Deserialize, Serialize};

use super::{Stretch, line};

/// Counts and hashes, while they grow.
#[derive(Clone, Default)]
pub struct Digest {
    events: u64,
    commands: u64,
    of_events: blake3::Hasher,
    of_commands: blake3::Hasher,
    text: Vec<u8>,
}

/// Counts and hashes of a whole history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Events.
    pub events: u64,
    /// Recorded commands.
    pub commands: u64,
    /// BLAKE3 over all events, in their order; hexadecimal.
    pub events_hash: String,
    /// BLAKE3 over all commands by position and id; hexadecimal.
    pub commands_hash: String,
}

impl Digest {
    /// Takes up the next stretch.
    pub fn add(&mut self, stretch: &Stretch) {
        for event in &stretch.events {
            self.text.clear();
            line::event(&mut self.text, event);
            self.of_events.update(&self.text);
        }
        for command in &stretch.commands {
            self.text.clear();
            line::command(&mut self.text, command);
            self.of_commands.update(&self.text);
        }
        self.events += stretch.events.len() as u64;
        self.commands += stretch.commands.len() as u64;
    }

    /// Counts and hashes of all that was taken up.
    pub fn summary(&self) -> Summary {
        Summary {
            events: self.events,
            commands: self.commands,
            events_hash: self.of_events.finalize().to_string(),
            commands_hash: self.of_commands.finalize().to_string(),
        }
    }
}
