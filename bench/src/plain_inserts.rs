//! One plain INSERT per event, each in a transaction of its own: what the server does when every
//! command commits alone, with no rules, versions or command ids.

use anyhow::ensure;
use orderlog::bench::{load::Writer, sample::Sample};
use sqlx::{PgPool, postgres::PgPoolOptions};

/// Its name in the report.
pub(crate) const NAME: &str = "one plain INSERT each";

const TABLE: &str = "CREATE TABLE plain (stream text, version bigint, event_type text, payload json, \
                     PRIMARY KEY (stream, version))";
const INSERT: &str = "INSERT INTO plain VALUES ($1, $2, 'Appended', $3::text::json)";

/// Writers to the empty `database`, over so many connections.
pub(crate) async fn writers(
    count: u16,
    connections: u32,
    database: &str,
) -> anyhow::Result<Vec<InsertWriter>> {
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .connect(database)
        .await?;
    sqlx::query(TABLE).execute(&pool).await?;
    Ok((0..count)
        .map(|_| InsertWriter {
            pool: pool.clone(),
            sample: Sample::new(),
        })
        .collect())
}

/// Inserts samples.
pub(crate) struct InsertWriter {
    pool: PgPool,
    sample: Sample,
}

impl Writer for InsertWriter {
    async fn write(&mut self) -> anyhow::Result<()> {
        let sample = self.sample.next_event();
        let inserted = sqlx::query(INSERT)
            .bind(sample.stream)
            .bind(sample.expected_version.cast_signed() + 1)
            .bind(sample.data)
            .execute(&self.pool)
            .await?;
        ensure!(inserted.rows_affected() == 1, "nothing was inserted");
        Ok(())
    }
}
