//! What led to what in one chain of commands and events.

use async_graphql::{Context, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use orderlog_log::event_store::{CommandRecord, Verdict};
use orderlog_projections::causation::{self, Caused, Written};
use uuid::Uuid;

use super::money::Long;
use crate::{
    history,
    paging::{Rows, part, weight},
};

/// The commands and events of one chain: all that one request led to.
pub struct CausationGraph {
    pub(crate) correlation_id: Uuid,
    pub(crate) commands: Vec<Caused>,
    pub(crate) more: bool,
}

/// The commands and events of one chain: all that one request led to.
#[Object]
impl CausationGraph {
    /// The id that the chain shares.
    async fn correlation_id(&self) -> Uuid {
        self.correlation_id
    }

    /// Whether the chain has more events than are shown: 5000.
    async fn truncated(&self) -> bool {
        self.more
    }

    /// The commands of the chain, each with the events that it wrote: first those that wrote some, in
    /// the order in which they did, then those that a saga issued and that wrote none.
    #[graphql(complexity = "1 + weight(first) * child_complexity")]
    async fn commands(
        &self,
        #[graphql(desc = "At most so many; 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Those behind this cursor.")] after: Option<String>,
    ) -> Result<Rows<CausedCommand>> {
        part(&self.commands, first, after, |one| {
            CausedCommand(one.clone())
        })
    }
}

/// A command of a chain.
pub struct CausedCommand(Caused);

/// A command of a chain.
#[Object]
impl CausedCommand {
    /// The command.
    async fn id(&self) -> Uuid {
        self.0.command_id
    }

    /// The event that it was sent because of; absent for a client's own command.
    async fn cause(&self) -> Option<Uuid> {
        self.0.cause
    }

    /// What is known of the command itself; absent where it was not recorded: it is under way, or it
    /// was refused for the moment only.
    async fn record(&self, context: &Context<'_>) -> Result<Option<CommandTold>> {
        let record = history::command(context, self.0.command_id).await?;
        Ok(record.map(CommandTold::of))
    }

    /// What it wrote, oldest first.
    async fn events(&self) -> Vec<CausedEvent> {
        self.0.events.iter().map(CausedEvent::of).collect()
    }
}

/// What is known of a command.
#[derive(SimpleObject)]
pub struct CommandTold {
    /// Its name.
    pub name: String,
    /// The stream that it addresses.
    pub stream: String,
    /// Who sent it.
    pub actor: String,
    /// Code of its refusal; absent where it was carried out.
    pub refusal: Option<String>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// An event of a chain.
#[derive(SimpleObject)]
pub struct CausedEvent {
    /// Its id.
    pub id: Uuid,
    /// Its type.
    pub event_type: String,
    /// Its stream.
    pub stream: String,
    /// Its place in the log.
    pub position: Long,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
}

impl CausationGraph {
    /// The graph of a chain; nothing where the index of the log has no such chain.
    pub(crate) async fn read(context: &Context<'_>, correlation_id: Uuid) -> Result<Option<Self>> {
        let (events, more) = history::chain(context, correlation_id).await?;
        Ok((!events.is_empty()).then(|| Self {
            correlation_id,
            commands: causation::commands(&events),
            more,
        }))
    }
}

impl CommandTold {
    fn of(record: CommandRecord) -> Self {
        Self {
            name: record.command.command_type,
            stream: record.command.stream,
            actor: record.command.actor,
            refusal: match record.verdict {
                Verdict::Accepted => None,
                Verdict::Refused { code, .. } => Some(code),
            },
            recorded_at: record.recorded_at,
        }
    }
}

impl CausedEvent {
    fn of(written: &Written) -> Self {
        Self {
            id: written.event_id,
            event_type: written.event_type.clone(),
            stream: written.stream.clone(),
            position: written.position.into(),
            occurred_at: written.occurred_at,
        }
    }
}
