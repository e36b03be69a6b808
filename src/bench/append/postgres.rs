//! Commands through the executor on PostgreSQL: loaded, decided and appended, each answered when it is
//! durable. What they are compared with speaks SQL of its own and is in the package `orderlog-bench`.

use std::sync::Arc;

use anyhow::bail;
use orderlog_log::{
    clock::Clock,
    executor::{Binding, CommandContext, Executor, Limits, as_recorded},
    postgres::{PgEventStore, PgOptions},
};
use orderlog_runtime::postgres::PgDatabase;
use uuid::Uuid;

use super::AppendArgs;
use crate::bench::{
    contest::Contest,
    load::Writer,
    sheet::{Page, Sheet, SheetCommand, SheetRefusal},
};

/// Name of the log in the report.
const LOG: &str = "orderlog (PostgreSQL)";

/// As the system runs its own aggregates.
const LIMITS: Limits = Limits {
    cached: 10_000,
    waiting: 1_024,
    attempts: 8,
};

/// The log in the empty `database`.
pub async fn contest(args: &AppendArgs, database: &str) -> anyhow::Result<Contest> {
    let writers = command_writers(args, database).await?;
    Ok(Contest::new().enter(LOG, args.timed(writers)))
}

async fn command_writers(args: &AppendArgs, database: &str) -> anyhow::Result<Vec<CommandWriter>> {
    PgDatabase::new(database, 1)?.migrate().await?;
    let store = PgEventStore::connect(database, PgOptions::default()).await?;
    let binding = Binding {
        decode: as_recorded,
        partition_key: |_, id| id.to_owned(),
        begins: |command| matches!(command, SheetCommand::Begin(_)),
        code: |SheetRefusal::Full| "sheet.full",
        recorded: |_| true,
    };
    let executor = Executor::new(Arc::new(store), Clock::system(), binding, LIMITS);
    Ok((0..args.writers)
        .map(|_| CommandWriter {
            executor: executor.clone(),
            page: Page::new(),
        })
        .collect())
}

/// Sends commands to sheets.
struct CommandWriter {
    executor: Executor<Sheet>,
    page: Page,
}

impl Writer for CommandWriter {
    async fn write(&mut self) -> anyhow::Result<()> {
        let (id, command) = self.page.next_command();
        let command_id = Uuid::now_v7();
        let context = CommandContext {
            command_id,
            correlation_id: command_id,
            causation_id: command_id,
            actor: "bench".to_owned(),
            traceparent: None,
            expected_version: None,
            fingerprint: None,
        };
        let executed = self.executor.execute(&id, command, context).await?;
        if executed.repeated {
            bail!("the command was taken for a repeat");
        }
        Ok(())
    }
}
