//! Commands through the executor on PostgreSQL, beside one plain INSERT per event on the same server:
//! what the server does when each command commits alone, with no rules, versions or command ids.

use std::sync::Arc;

use anyhow::{bail, ensure};
use orderlog_log::{
    clock::Clock,
    executor::{Binding, CommandContext, Executor, Limits},
    postgres::{PgEventStore, PgOptions, migrate},
};
use sqlx::{Connection, PgConnection, PgPool, postgres::PgPoolOptions};
use uuid::Uuid;

use super::AppendArgs;
use crate::bench::{
    contest::Contest,
    load::Writer,
    sample::Sample,
    sheet::{Page, Sheet, SheetCommand, SheetRefusal},
};

/// Name of the plain inserts in the report.
const INSERTS: &str = "one plain INSERT each";
/// Name of the log in the report.
const LOG: &str = "orderlog (PostgreSQL)";

/// As the system runs its own aggregates.
const LIMITS: Limits = Limits {
    cached: 10_000,
    waiting: 1_024,
    attempts: 8,
};

/// Plain inserts and the log, both in the empty `database`.
pub async fn contest(args: &AppendArgs, database: &str) -> anyhow::Result<Contest> {
    let inserting = insert_writers(args, database).await?;
    let commanding = command_writers(args, database).await?;
    Ok(Contest::new()
        .enter(INSERTS, args.timed(inserting))
        .enter(LOG, args.timed(commanding)))
}

/// Whether what this server acknowledges is durable.
pub(super) async fn durability(database: &str) -> anyhow::Result<String> {
    let mut connection = PgConnection::connect(database).await?;
    let mut said = Vec::new();
    for setting in ["fsync", "synchronous_commit"] {
        let value: String = sqlx::query_scalar("SELECT current_setting($1)")
            .bind(setting)
            .fetch_one(&mut connection)
            .await?;
        said.push(format!("{setting} {value}"));
    }
    connection.close().await?;
    Ok(said.join(", "))
}

async fn insert_writers(args: &AppendArgs, database: &str) -> anyhow::Result<Vec<InsertWriter>> {
    let pool = PgPoolOptions::new()
        .max_connections(args.writers.into())
        .connect(database)
        .await?;
    let table = "CREATE TABLE plain (stream text, version bigint, event_type text, payload json, \
                 PRIMARY KEY (stream, version))";
    sqlx::query(table).execute(&pool).await?;
    Ok((0..args.writers)
        .map(|_| InsertWriter {
            pool: pool.clone(),
            sample: Sample::new(),
        })
        .collect())
}

async fn command_writers(args: &AppendArgs, database: &str) -> anyhow::Result<Vec<CommandWriter>> {
    let pool = PgPoolOptions::new().connect(database).await?;
    migrate(&pool).await?;
    pool.close().await;
    let store = PgEventStore::connect(database, PgOptions::default()).await?;
    let binding = Binding {
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

/// Inserts samples, each in a transaction of its own.
struct InsertWriter {
    pool: PgPool,
    sample: Sample,
}

impl Writer for InsertWriter {
    async fn write(&mut self) -> anyhow::Result<()> {
        let sample = self.sample.next_event();
        let inserted = sqlx::query("INSERT INTO plain VALUES ($1, $2, 'Appended', $3::text::json)")
            .bind(sample.stream)
            .bind(sample.expected_version.cast_signed() + 1)
            .bind(sample.data)
            .execute(&self.pool)
            .await?;
        ensure!(inserted.rows_affected() == 1, "nothing was inserted");
        Ok(())
    }
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
