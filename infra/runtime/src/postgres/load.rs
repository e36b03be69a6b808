//! Fills staged generations: rows that are new are copied in, in PostgreSQL's binary form, which
//! needs no quoting; only those that were there before are written like live ones.

use sqlx::{PgConnection, PgPool};

use super::{
    failure::Failure,
    generation::{side_table, single_columns, table},
    log_index::Entries,
    place::text_place,
    rows::{self, Changed, check, many, single_place},
    staging,
};
use crate::{
    projection::{Arity, Column},
    read_store::{Fill, ReadError, RowChange, Target},
};

/// Writes new rows, and which slots are whole with them, in one transaction.
pub(super) async fn fill(pool: &PgPool, fill: &Fill, columns: &[Column]) -> Result<(), Failure> {
    const BEGIN: &str = "BEGIN; SET LOCAL synchronous_commit = off";
    let mut transaction = pool.begin_with(BEGIN).await?;
    let written = write(&mut transaction, &fill.target, columns, &fill.rows).await;
    if let Err(failure) = written {
        transaction.rollback().await?;
        // A rebuild that was given up may have filled it at the same time.
        return match staging::are_whole(pool, &fill.target, fill.whole).await? {
            true => Ok(()),
            false => Err(doubled(&fill.target, failure)),
        };
    }
    match staging::note_whole(&mut transaction, &fill.target, fill.whole).await? {
        true => transaction.commit().await?,
        false => transaction.rollback().await?,
    }
    Ok(())
}

/// Says of a row that is there already what it means.
fn doubled(target: &Target, failure: Failure) -> Failure {
    match failure {
        Failure::Sql(sqlx::Error::Database(error)) if error.is_unique_violation() => {
            Failure::Refused(ReadError::Damaged {
                projection: target.projection.clone(),
                detail: format!("two slots of partition keys have a row of the same key: {error}"),
            })
        }
        other => other,
    }
}

/// Writes rows to a generation that nobody reads yet.
pub(super) async fn write(
    connection: &mut PgConnection,
    target: &Target,
    columns: &[Column],
    changes: &[RowChange],
) -> Result<(), Failure> {
    let is_new = |change: &&RowChange| change.stored.is_none() && change.row.is_some();
    let (new, others): (Vec<&RowChange>, Vec<&RowChange>) = changes.iter().partition(is_new);
    let rows = others;
    let others = Changed {
        target,
        columns,
        rows,
    };
    rows::write(connection, vec![others], &Entries::default()).await?;
    if new.is_empty() {
        return Ok(());
    }
    let mut copied = Copy::new(4 + single_columns(columns).count());
    for change in &new {
        check(target, change)?;
        copied.row();
        copied.field(change.key.as_bytes());
        copied.field(&change.slot.to_be_bytes());
        copied.field(&change.position.to_be_bytes());
        copied.field(change.row.as_deref().unwrap_or_default().as_bytes());
        for (at, column) in columns.iter().enumerate() {
            if column.arity == Arity::One {
                copied.field(&single_place(&change.columns, at));
            }
        }
    }
    let names: String = single_columns(columns)
        .map(|column| format!(", c_{}", column.name))
        .collect();
    let into = format!("{} (key, slot, position, row{names})", table(target));
    copied.send(connection, &into).await?;
    for (at, column) in columns.iter().enumerate() {
        if column.arity == Arity::Many {
            let side = side_table(target, column.name);
            let pairs = side_pairs(&new, at);
            pairs
                .send(connection, &format!("{side} (value, key)"))
                .await?;
        }
    }
    Ok(())
}

/// The values of a column of many, each once per row.
fn side_pairs(new: &[&RowChange], column: usize) -> Copy {
    let mut copied = Copy::new(2);
    for change in new {
        let mut values: Vec<&String> = many(&change.columns, column).iter().collect();
        values.sort_unstable();
        values.dedup();
        for value in values {
            copied.row();
            copied.field(&text_place(value));
            copied.field(change.key.as_bytes());
        }
    }
    copied
}

/// Rows in the binary form of COPY.
struct Copy {
    bytes: Vec<u8>,
    fields: i16,
}

impl Copy {
    fn new(fields: usize) -> Self {
        let mut bytes = b"PGCOPY\n\xff\r\n\0".to_vec();
        // No flags, and no extension of the header.
        bytes.extend([0; 8]);
        let fields = i16::try_from(fields).unwrap_or(i16::MAX);
        Self { bytes, fields }
    }

    fn row(&mut self) {
        self.bytes.extend(self.fields.to_be_bytes());
    }

    fn field(&mut self, value: &[u8]) {
        let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
        self.bytes.extend(length.to_be_bytes());
        self.bytes.extend(value);
    }

    async fn send(mut self, connection: &mut PgConnection, into: &str) -> sqlx::Result<()> {
        const END: i16 = -1;
        self.bytes.extend(END.to_be_bytes());
        let copy = format!("COPY {into} FROM STDIN (FORMAT binary)");
        let mut copying = connection.copy_in_raw(&copy).await?;
        copying.send(self.bytes).await?;
        copying.finish().await?;
        Ok(())
    }
}
