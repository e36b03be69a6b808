//! What becomes of the commands of a group if the log stands where they say it does. They are gone
//! through as if appended one after another; what that relies on, stream versions and command ids
//! not known, is left to the database to check. Requests of which one relies on another's outcome
//! form a bundle: if the log stands elsewhere, its plan is void, and it is planned again on the
//! `Facts` that the database told. Next: `arrays` for the statement, `settle` for the answers.

use std::collections::HashMap;

use uuid::Uuid;

use super::{inbox::Append, rows::Command};
use crate::{
    event::{NewEvent, Version},
    event_store::{AppendOutcome, Decided, StreamAppend, Verdict},
};

/// The largest payload of an event, bytes.
pub(super) const EVENT_LIMIT: usize = 512 * 1024;

/// What the database told of the log. Versions may have moved on since; they are checked again.
#[derive(Default)]
pub(super) struct Facts {
    pub(super) versions: HashMap<String, Version>,
    pub(super) commands: HashMap<Uuid, Command>,
}

/// What is to become of a group.
pub(super) struct Plan<'a> {
    /// The commands, in their order.
    pub(super) items: Vec<Item<'a>>,
    /// The streams that they rely on.
    pub(super) streams: Vec<Stream<'a>>,
}

/// One command.
pub(super) struct Item<'a> {
    /// Place of its request in the group.
    pub(super) request: usize,
    pub(super) decided: &'a Decided,
    pub(super) fate: Fate,
    /// Number of its bundle.
    pub(super) bundle: usize,
}

/// What is to become of a command.
pub(super) enum Fate {
    /// It is written, and leaves the stream that it addresses at this version.
    Write { version: Version },
    /// It is refused, unless its id is known.
    Refuse(AppendOutcome),
    /// The item of this number has its id and is written.
    Repeat { of: usize },
    /// The outcome needs no check beyond those of its bundle.
    Answer(AppendOutcome),
}

/// A stream that commands rely on.
pub(super) struct Stream<'a> {
    pub(super) name: &'a str,
    /// Its version in the log if the plan is to hold.
    pub(super) assumed: Version,
    /// Its version behind what is planned so far.
    reached: Version,
    /// An item that relies on it.
    pub(super) item: usize,
}

/// Plans the commands of the group.
pub(super) fn plan<'a>(group: &'a [Append], facts: &'a Facts) -> Plan<'a> {
    let mut planner = Planner::new(facts);
    for (request, append) in group.iter().enumerate() {
        planner.add(request, append);
    }
    planner.finish()
}

struct Planner<'a> {
    facts: &'a Facts,
    items: Vec<Item<'a>>,
    streams: Vec<Stream<'a>>,
    by_name: HashMap<&'a str, usize>,
    /// Items that are to be written, by id.
    written: HashMap<Uuid, usize>,
}

impl<'a> Planner<'a> {
    fn new(facts: &'a Facts) -> Self {
        Self {
            facts,
            items: Vec::new(),
            streams: Vec::new(),
            by_name: HashMap::new(),
            written: HashMap::new(),
        }
    }

    fn add(&mut self, request: usize, append: &'a Append) {
        let (first, mut broken) = (self.items.len(), false);
        for decided in &append.commands {
            let item = self.items.len();
            self.items.push(Item {
                request,
                decided,
                fate: Fate::Answer(AppendOutcome::broken_chain(decided)),
                bundle: item,
            });
            self.join(first, item);
            if !broken {
                let fate = self.fate(item, decided, append.perhaps_written);
                broken = append.chained && !is_recorded(&fate);
                self.items[item].fate = fate;
            }
        }
    }

    fn fate(&mut self, item: usize, decided: &'a Decided, perhaps_written: bool) -> Fate {
        let id = decided.command.command_id;
        if let Some(known) = self.facts.commands.get(&id) {
            return Fate::Answer(first_outcome(known, decided, perhaps_written));
        }
        if let Some(of) = self.written.get(&id).copied() {
            self.join(of, item);
            return Fate::Repeat { of };
        }
        if let Some(refused) = self.check(item, decided) {
            return Fate::Refuse(refused);
        }
        for write in &decided.writes {
            let stream = self.stream(item, &write.stream, write.expected_version);
            stream.reached = stream.reached.saturating_add(write.events.len() as u64);
        }
        self.written.insert(id, item);
        // Where the command does not say on which version of its stream it relies, it is guessed.
        let version = self.stream(item, &decided.command.stream, 0).reached;
        Fate::Write { version }
    }

    /// Why the command can't be written, if it can't.
    fn check(&mut self, item: usize, decided: &'a Decided) -> Option<AppendOutcome> {
        for (place, write) in decided.writes.iter().enumerate() {
            let expected = write.expected_version;
            let reached = self.stream(item, &write.stream, expected).reached;
            let actual = reached.saturating_add(added(&decided.writes[..place], &write.stream));
            if actual != expected {
                let stream = write.stream.clone();
                return Some(AppendOutcome::Conflict {
                    stream,
                    expected,
                    actual,
                });
            }
        }
        decided.too_large()
    }

    /// The stream, on which the item relies from now on; at the version `guess` if nothing else is
    /// known of it.
    fn stream(&mut self, item: usize, name: &'a str, guess: Version) -> &mut Stream<'a> {
        let number = match self.by_name.get(name) {
            Some(number) => *number,
            None => {
                let assumed = self.facts.versions.get(name).copied().unwrap_or(guess);
                let reached = assumed;
                self.streams.push(Stream {
                    name,
                    assumed,
                    reached,
                    item,
                });
                self.by_name.insert(name, self.streams.len() - 1);
                self.streams.len() - 1
            }
        };
        self.join(self.streams[number].item, item);
        &mut self.streams[number]
    }

    /// Puts two items into one bundle: that of the earlier one.
    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.bundle(one), self.bundle(other));
        let (first, second) = (one.min(other), one.max(other));
        self.items[second].bundle = first;
    }

    /// Number of the item's bundle: that of its first item, which points to itself.
    fn bundle(&mut self, mut item: usize) -> usize {
        while self.items[item].bundle != item {
            let next = self.items[item].bundle;
            self.items[item].bundle = self.items[next].bundle;
            item = next;
        }
        item
    }

    fn finish(mut self) -> Plan<'a> {
        for item in 0..self.items.len() {
            self.items[item].bundle = self.bundle(item);
        }
        Plan {
            items: self.items,
            streams: self.streams,
        }
    }
}

impl Item<'_> {
    /// Whether the plan holds only if its id is not recorded yet.
    pub(super) fn is_new(&self) -> bool {
        matches!(self.fate, Fate::Write { .. } | Fate::Refuse(_))
    }
}

impl Decided {
    /// The write with its last event, if it has any.
    pub(super) fn last_write(&self) -> Option<&StreamAppend> {
        self.writes.iter().rfind(|write| !write.events.is_empty())
    }

    /// Partition in which its last event arrives; without events, that of the stream it addresses.
    pub(super) fn partition_key(&self) -> &str {
        let addressed = || {
            self.writes
                .iter()
                .find(|it| it.stream == self.command.stream)
        };
        let write = self.last_write().or_else(addressed);
        write.map_or(&self.command.stream, |write| &write.partition_key)
    }

    /// How many events it has.
    pub(super) fn count(&self) -> usize {
        self.writes.iter().map(|write| write.events.len()).sum()
    }

    /// The answer where one of its events is larger than the log takes.
    pub(super) fn too_large(&self) -> Option<AppendOutcome> {
        let mut events = self.writes.iter().flat_map(|write| &write.events);
        events
            .find(|event| event.data.len() > EVENT_LIMIT)
            .map(too_large)
    }

    /// The write whose last event says of the command what its own row needs not say again.
    pub(super) fn told_by(&self) -> Option<&StreamAppend> {
        self.last_write()
            .filter(|_| self.verdict == Verdict::Accepted)
    }
}

/// The answer to a command that is recorded already. If it may have been this very append that
/// recorded it, its last event tells: it has an id of its own in each.
fn first_outcome(known: &Command, decided: &Decided, perhaps_written: bool) -> AppendOutcome {
    let record = known.record.clone();
    let last = decided.last_write().and_then(|write| write.events.last());
    if record.command.fingerprint != decided.command.fingerprint {
        AppendOutcome::IdReused(record)
    } else if perhaps_written && known.last_event == last.map(|event| event.event_id) {
        AppendOutcome::Recorded(record)
    } else {
        AppendOutcome::Repeated(record)
    }
}

fn is_recorded(fate: &Fate) -> bool {
    match fate {
        Fate::Write { .. } => true,
        Fate::Answer(outcome) => outcome.is_recorded(),
        Fate::Refuse(_) | Fate::Repeat { .. } => false,
    }
}

/// How many events these writes add to the stream.
fn added(writes: &[StreamAppend], stream: &str) -> u64 {
    let of_stream = writes.iter().filter(|write| write.stream == stream);
    of_stream.map(|write| write.events.len() as u64).sum()
}

fn too_large(event: &NewEvent) -> AppendOutcome {
    AppendOutcome::TooLarge {
        event_type: event.event_type.clone(),
        bytes: event.data.len(),
        limit: EVENT_LIMIT,
    }
}
