//! History that arrives from elsewhere is evidence, not work: whoever follows the log stands behind it
//! as soon as it is there, in the same transaction. So nothing is sent, charged or told again, and a
//! saga that was in its middle stays there. It is taken up by an empty log, which becomes the log that
//! the history is of, or as the exact continuation of what that log has: what both have is compared
//! before anything is written. Next: `target`, the two places where it can arrive.

mod target;

use orderlog_log::{
    archive::Header,
    event::{Position, RecordedEvent},
    event_store::{CommandRecord, Head, StoreError},
    history::Stretch,
};
use uuid::Uuid;

use self::target::Target;
use super::{MoveError, Positions};
use crate::postgres::PgOpenError;

/// Where history arrives.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// A directory that nobody has open; made where it is missing.
    Directory(&'a std::path::Path),
    /// A migrated database that nobody uses.
    Database {
        /// Its address.
        url: &'a str,
        /// Partitions of the topic that will carry the log.
        partitions: u32,
    },
}

/// A log that takes history.
pub struct Arrival {
    target: Target,
    /// Who follows the log.
    processes: Vec<String>,
    /// Where the log ended when it was opened: up to here it is compared.
    ended: Position,
    /// Commands that are not there, recorded at the end of what is.
    late: Vec<CommandRecord>,
    arrived: Arrived,
}

/// What was not there before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrived {
    /// Events.
    pub events: u64,
    /// Commands.
    pub commands: u64,
}

/// Why history is not taken up. The target is as it was, or holds a part and can be gone on with.
#[derive(Debug, thiserror::Error)]
pub enum ArrivalError {
    /// The target can't be used.
    #[error(transparent)]
    Target(#[from] MoveError),
    /// Somebody uses the target.
    #[error("{database} is used by {sessions} sessions of running processes: stop them")]
    InUse {
        /// The database, without its password.
        database: String,
        /// How many sessions.
        sessions: i64,
    },
    /// The target is another log.
    #[error(
        "the target holds log {there} up to position {position}, this is history of log {here}: give an empty target"
    )]
    OtherLog {
        /// The log that the history is of.
        here: Uuid,
        /// The log at the target.
        there: Uuid,
        /// Where that ends.
        position: Position,
    },
    /// The target went another way.
    #[error(
        "the target has another event at position {position}: this is no continuation of its log; nothing was changed"
    )]
    Event {
        /// Where they differ first.
        position: Position,
    },
    /// The target has another outcome of a command.
    #[error(
        "the target has another outcome of the command {id} at position {position}; nothing was changed"
    )]
    Command {
        /// The command.
        id: Uuid,
        /// Where the history has it.
        position: Position,
    },
    /// Something lies between.
    #[error(
        "the target ends at position {ends}, this history begins at {begins}: import what lies between first"
    )]
    Gap {
        /// Where the target ends.
        ends: Position,
        /// Where the history begins.
        begins: Position,
    },
}

impl From<StoreError> for ArrivalError {
    fn from(error: StoreError) -> Self {
        Self::Target(error.into())
    }
}

impl From<PgOpenError> for ArrivalError {
    fn from(error: PgOpenError) -> Self {
        Self::Target(error.into())
    }
}

impl Arrival {
    /// Readies the log at a place for the history of an archive. `processes` follow it.
    pub async fn begin(
        place: Place<'_>,
        processes: impl IntoIterator<Item = String>,
        header: &Header,
    ) -> Result<Self, ArrivalError> {
        let mut target = Target::open(place).await?;
        let head = target.head();
        if header.from > head.position + 1 {
            return Err(ArrivalError::Gap {
                ends: head.position,
                begins: header.from,
            });
        }
        if head.log_id == header.log_id {
            target.check_unused().await?;
        } else if !target.name(header.log_id).await? {
            return Err(ArrivalError::OtherLog {
                here: header.log_id,
                there: head.log_id,
                position: head.position,
            });
        }
        let mut arrival = Self {
            target,
            processes: processes.into_iter().collect(),
            ended: head.position,
            late: Vec::new(),
            arrived: Arrived::default(),
        };
        arrival.compare_start(header).await?;
        Ok(arrival)
    }

    /// The end of the target's log.
    pub fn head(&self) -> Head {
        self.target.head()
    }

    /// Takes up a stretch: compares what the target has of it, writes the rest, and puts everybody who
    /// follows the log behind it.
    pub async fn take(&mut self, stretch: Stretch) -> Result<(), ArrivalError> {
        let (known, news) = self.divide(stretch);
        self.compare(known).await?;
        if news.events.is_empty() {
            self.late.extend(news.commands);
            return Ok(());
        }
        self.write(news).await
    }

    /// Writes what is left. What is new is said.
    pub async fn finish(mut self) -> Result<Arrived, ArrivalError> {
        if !self.late.is_empty() {
            self.write(Stretch::default()).await?;
        }
        Ok(self.arrived)
    }

    /// The history must begin where the target's log has what lies in front of it.
    async fn compare_start(&mut self, header: &Header) -> Result<(), ArrivalError> {
        let position = header.from.saturating_sub(1);
        if position == 0 {
            return Ok(());
        }
        let there = self.target.events(position - 1, 1).await?;
        match there.first() {
            Some(event) if event.event_id == header.after => Ok(()),
            _ => Err(ArrivalError::Event { position }),
        }
    }

    /// What the target may have, and what it has not.
    fn divide(&self, stretch: Stretch) -> (Stretch, Stretch) {
        let known = |position: Position| position <= self.ended;
        let (events, new_events) = stretch.events.into_iter().partition(
            // Positions of a log begin at one, so this is false for all of an empty one.
            |event: &RecordedEvent| known(event.position),
        );
        let (commands, new_commands) = stretch
            .commands
            .into_iter()
            .partition(|record: &CommandRecord| known(record.position));
        let part = |events, commands| Stretch { events, commands };
        (part(events, commands), part(new_events, new_commands))
    }

    async fn compare(&mut self, stretch: Stretch) -> Result<(), ArrivalError> {
        if let Some(first) = stretch.events.first() {
            let after = first.position - 1;
            let there = self.target.events(after, stretch.events.len()).await?;
            let mut there = there.into_iter();
            let other = |event: &&RecordedEvent| there.next().as_ref() != Some(*event);
            if let Some(RecordedEvent { position, .. }) = stretch.events.iter().find(other) {
                let position = *position;
                return Err(ArrivalError::Event { position });
            }
        }
        let ids: Vec<_> = stretch.commands.iter().map(id).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let there = self.target.known(&ids).await?;
        for record in stretch.commands {
            match there.iter().find(|known| id(known) == id(&record)) {
                Some(known) if *known == record => {}
                Some(_) => {
                    return Err(ArrivalError::Command {
                        id: id(&record),
                        position: record.position,
                    });
                }
                None => self.late.push(record),
            }
        }
        Ok(())
    }

    async fn write(&mut self, mut stretch: Stretch) -> Result<(), ArrivalError> {
        let late = std::mem::take(&mut self.late);
        stretch.commands.splice(..0, late);
        let whole = |process: &String| (process.clone(), Position::MAX);
        let processes = self.processes.iter().map(whole).collect();
        let mut positions = Positions::new(processes, self.target.partitions());
        positions.pass(&stretch.events);
        self.target.write(&stretch, &positions).await?;
        self.arrived.events += stretch.events.len() as u64;
        self.arrived.commands += stretch.commands.len() as u64;
        Ok(())
    }
}

fn id(record: &CommandRecord) -> Uuid {
    record.command.command_id
}
