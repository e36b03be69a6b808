//! cqrs-es on postgres-es, as its documentation sets it up: the event store, without snapshots and
//! queries, on its own table. The aggregate and the commands are those of the executor's writers; a
//! version that moved on is found by the table's primary key.

use std::sync::Arc;

use chrono::Utc;
use cqrs_es::{CqrsFramework, persist::PersistedEventStore};
use orderlog::bench::{
    load::Writer,
    sheet::{Page, Sheet},
};
use postgres_es::PostgresEventRepository;
use sqlx::postgres::PgPoolOptions;

/// Its name in the report.
pub(crate) const NAME: &str = "cqrs-es 0.5 + postgres-es 0.5";

/// The table that postgres-es asks for.
const EVENTS: &str = "CREATE TABLE events (
    aggregate_type text                         NOT NULL,
    aggregate_id   text                         NOT NULL,
    sequence       bigint CHECK (sequence >= 0) NOT NULL,
    event_type     text                         NOT NULL,
    event_version  text                         NOT NULL,
    payload        json                         NOT NULL,
    metadata       json                         NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)
)";

type Framework = CqrsFramework<Sheet, PersistedEventStore<PostgresEventRepository, Sheet>>;

/// Writers to the empty `database`, over so many connections.
pub(crate) async fn writers(
    count: u16,
    connections: u32,
    database: &str,
) -> anyhow::Result<Vec<FrameworkWriter>> {
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .connect(database)
        .await?;
    sqlx::query(EVENTS).execute(&pool).await?;
    let store = PersistedEventStore::new_event_store(PostgresEventRepository::new(pool));
    let framework = Arc::new(CqrsFramework::new(store, Vec::new(), Utc::now()));
    Ok((0..count)
        .map(|_| FrameworkWriter {
            framework: Arc::clone(&framework),
            page: Page::new(),
        })
        .collect())
}

/// Sends commands to sheets.
pub(crate) struct FrameworkWriter {
    framework: Arc<Framework>,
    page: Page,
}

impl Writer for FrameworkWriter {
    async fn write(&mut self) -> anyhow::Result<()> {
        let (id, command) = self.page.next_command();
        Ok(self.framework.execute(&id, command).await?)
    }
}
