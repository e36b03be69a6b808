//! The tables of one generation of a projection: its rows, and one table per column of many. A
//! staged generation has no index but its primary keys until it is adopted, so that it fills fast.

use sqlx::{Executor, PgConnection};

use super::failure::Failure;
use crate::{
    projection::{Arity, Column, Definition},
    read_store::{ReadError, Target},
};

/// The longest name that PostgreSQL does not cut off.
const LONGEST_NAME: usize = 63;
/// What a generation adds to a name: its number, of ten digits at most, and underscores.
const ADDED: usize = 13;

/// Table of a generation's rows.
pub(super) fn table(target: &Target) -> String {
    format!("read_models.{}", bare_table(target))
}

/// Table of a column of many.
pub(super) fn side_table(target: &Target, column: &str) -> String {
    format!("read_models.{}__{column}", bare_table(target))
}

fn bare_table(target: &Target) -> String {
    format!("{}_{}", target.projection, target.generation)
}

/// The columns of one.
pub(super) fn single_columns(columns: &[Column]) -> impl Iterator<Item = &Column> {
    columns.iter().filter(|column| column.arity == Arity::One)
}

/// The columns of many.
pub(super) fn many_columns(columns: &[Column]) -> impl Iterator<Item = &Column> {
    columns.iter().filter(|column| column.arity == Arity::Many)
}

/// Creates the tables of a generation, empty.
pub(super) async fn create(
    connection: &mut PgConnection,
    target: &Target,
    columns: &[Column],
) -> sqlx::Result<()> {
    let values: String = single_columns(columns)
        .map(|column| format!(", c_{} bytea NOT NULL", column.name))
        .collect();
    // Room on each page lets a row whose columns stay the same leave the indexes alone.
    let rows = format!(
        "CREATE TABLE {} (key text COLLATE \"C\" PRIMARY KEY, slot integer NOT NULL, \
         position bigint NOT NULL, row text NOT NULL{values}) WITH (fillfactor = 80)",
        table(target)
    );
    connection.execute(rows.as_str()).await?;
    for column in many_columns(columns) {
        let side = format!(
            "CREATE TABLE {} (value bytea NOT NULL, key text COLLATE \"C\" NOT NULL, \
             PRIMARY KEY (value, key))",
            side_table(target, column.name)
        );
        connection.execute(side.as_str()).await?;
    }
    Ok(())
}

/// Creates what a generation is read by.
pub(super) async fn index(
    connection: &mut PgConnection,
    target: &Target,
    columns: &[Column],
) -> sqlx::Result<()> {
    let table = table(target);
    for column in single_columns(columns) {
        let index = format!("CREATE INDEX ON {table} (c_{}, key)", column.name);
        connection.execute(index.as_str()).await?;
    }
    let analyze = format!("ANALYZE {table}");
    connection.execute(analyze.as_str()).await?;
    Ok(())
}

/// Gives every table of a generation the name of another.
pub(super) async fn rename_all(
    connection: &mut PgConnection,
    from: &Target,
    to: &Target,
) -> sqlx::Result<()> {
    let (old, new) = (bare_table(from), bare_table(to));
    for name in tables(connection, from).await? {
        let rest = name.strip_prefix(&old).unwrap_or_default();
        let rename = format!("ALTER TABLE read_models.{name} RENAME TO {new}{rest}");
        connection.execute(rename.as_str()).await?;
    }
    Ok(())
}

/// Drops every table of a generation, whatever its columns were.
pub(super) async fn drop_all(connection: &mut PgConnection, target: &Target) -> sqlx::Result<()> {
    for name in tables(connection, target).await? {
        let drop = format!("DROP TABLE read_models.{name}");
        connection.execute(drop.as_str()).await?;
    }
    Ok(())
}

/// Names of all tables of a generation, its rows' first.
pub(super) async fn tables(
    connection: &mut PgConnection,
    target: &Target,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "SELECT tablename::text FROM pg_tables WHERE schemaname = 'read_models' \
         AND (tablename = $1 OR starts_with(tablename::text, $1 || '__')) \
         ORDER BY tablename::text COLLATE \"C\"",
    )
    .bind(bare_table(target))
    .fetch_all(connection)
    .await
}

/// Names become part of SQL; anything but words of a definition is refused.
pub(super) fn check_names(definition: &Definition) -> Result<(), ReadError> {
    check_words(definition.name, definition.name.len())?;
    for column in definition.columns {
        check_words(column.name, definition.name.len() + column.name.len())?;
    }
    Ok(())
}

/// A target of ours, whose name may become part of SQL.
pub(super) fn check_target(target: &Target) -> Result<(), Failure> {
    Ok(check_words(&target.projection, target.projection.len())?)
}

/// Two underscores would stand for where a table's name ends and a column's begins.
fn check_words(name: &str, together: usize) -> Result<(), ReadError> {
    let word = |word: &str| {
        let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        !word.is_empty() && word.bytes().all(letters)
    };
    let begins = name.starts_with(|letter: char| letter.is_ascii_lowercase());
    if begins && name.split('_').all(word) && together + ADDED <= LONGEST_NAME {
        return Ok(());
    }
    Err(ReadError::Unavailable {
        detail: format!("{name:?} can't be the name of a projection or column in PostgreSQL"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_joined_by_underscores_are_names_and_nothing_else_is() {
        for good in ["a", "sums", "order_summary", "a1_b2"] {
            check_words(good, good.len()).expect(good);
        }
        let long = "a".repeat(60);
        for bad in [
            "", "_a", "a_", "a__b", "1a", "A", "a-b", "a;b", "a b", "ä", &long,
        ] {
            assert!(check_words(bad, bad.len()).is_err(), "{bad}");
        }
    }
}
