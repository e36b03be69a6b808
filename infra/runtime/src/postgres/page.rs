//! Pages of rows. The order is that of [`ColumnValue`], ties by key: one range of the index on
//! (column, key), so that a page behind a cursor costs no more than the first.

use sqlx::{PgPool, Postgres, QueryBuilder, Row, postgres::PgRow};

use super::{
    condition::Test,
    failure::Failure,
    generation::{side_table, table},
    place::{place, value_at},
    sql_limit,
};
use crate::{
    projection::{Arity, Column, ColumnValue},
    read_model::{Condition, PageQuery},
    read_store::{StoredPage, StoredRow, Target},
};

/// A page of a generation's rows.
pub(super) async fn page(
    pool: &PgPool,
    target: &Target,
    columns: &[Column],
    query: &PageQuery,
) -> Result<StoredPage, Failure> {
    let asked = Asked {
        target,
        columns,
        query,
    };
    let found = asked.select()?.build().fetch_all(pool).await?;
    let rows = found.iter().take(query.limit).map(found_row);
    Ok(StoredPage {
        rows: rows.collect::<Result<_, Failure>>()?,
        more: found.len() > query.limit,
    })
}

/// How many of a generation's rows meet all of these conditions.
pub(super) async fn count(
    pool: &PgPool,
    target: &Target,
    columns: &[Column],
    filter: &[Condition],
) -> Result<u64, Failure> {
    let query = PageQuery::all(filter);
    let asked = Asked {
        target,
        columns,
        query: &query,
    };
    let mut sql = QueryBuilder::new(format!("SELECT count(*) FROM {} WHERE true", table(target)));
    asked.push_conditions(&mut sql)?;
    let count: i64 = sql.build_query_scalar().fetch_one(pool).await?;
    Ok(count.cast_unsigned())
}

struct Asked<'a> {
    target: &'a Target,
    columns: &'a [Column],
    query: &'a PageQuery,
}

impl<'a> Asked<'a> {
    fn select(&self) -> Result<QueryBuilder<'a, Postgres>, Failure> {
        let order = self.order()?;
        let value = order.as_deref().unwrap_or("NULL::bytea");
        let mut sql = QueryBuilder::new(format!(
            "SELECT key, slot, position, row, {value} FROM {} WHERE true",
            table(self.target)
        ));
        self.push_cursor(&mut sql, order.as_deref());
        self.push_conditions(&mut sql)?;
        let direction = if self.query.descending { "DESC" } else { "ASC" };
        sql.push(" ORDER BY ");
        if let Some(column) = order {
            sql.push(format!("{column} {direction}, "));
        }
        sql.push(format!("key {direction} LIMIT "));
        sql.push_bind(sql_limit(self.query.limit.saturating_add(1)));
        Ok(sql)
    }

    /// The column sorted by; `None` where it is the key.
    fn order(&self) -> Result<Option<String>, Failure> {
        let name = self.query.order_by;
        if name == "key" {
            return Ok(None);
        }
        match self.column(name)?.arity {
            Arity::One => Ok(Some(format!("c_{name}"))),
            Arity::Many => Err(self.refused(name, "can't be sorted by")),
        }
    }

    fn push_cursor(&self, sql: &mut QueryBuilder<'a, Postgres>, order: Option<&str>) {
        let Some(cursor) = &self.query.after else {
            return;
        };
        let sign = if self.query.descending { '<' } else { '>' };
        if let Some(column) = order {
            sql.push(format!(" AND ({column}, key) {sign} ("));
            sql.push_bind(place(&cursor.value)).push(", ");
            sql.push_bind(cursor.key.as_str()).push(")");
        } else {
            sql.push(format!(" AND key {sign} "));
            sql.push_bind(cursor.key.as_str());
        }
    }

    fn push_conditions(&self, sql: &mut QueryBuilder<'a, Postgres>) -> Result<(), Failure> {
        for condition in &self.query.filter {
            sql.push(" AND ");
            self.push_condition(sql, condition)?;
        }
        Ok(())
    }

    fn push_condition(
        &self,
        sql: &mut QueryBuilder<'a, Postgres>,
        condition: &Condition,
    ) -> Result<(), Failure> {
        let (name, test) = Test::of(condition);
        if name == "key" {
            test.push_on_key(sql);
            return Ok(());
        }
        match self.column(name)?.arity {
            Arity::One => test.push_on_places(sql, &format!("c_{name}")),
            Arity::Many => {
                let side = side_table(self.target, name);
                sql.push(format!("key IN (SELECT key FROM {side} WHERE "));
                test.push_on_places(sql, "value");
                sql.push(")");
            }
        }
        Ok(())
    }

    fn column(&self, name: &str) -> Result<&Column, Failure> {
        let found = self.columns.iter().find(|column| column.name == name);
        found.ok_or_else(|| self.refused(name, "is no column"))
    }

    fn refused(&self, name: &str, what: &str) -> Failure {
        Failure::refused(format!("{name} of {} {what}", self.target.projection))
    }
}

/// The rows under these keys that exist, in the order of the keys.
pub(super) async fn rows(
    pool: &PgPool,
    target: &Target,
    keys: &[String],
) -> Result<Vec<StoredRow>, Failure> {
    let select = format!(
        "SELECT key, slot, position, row FROM unnest($1::text[]) WITH ORDINALITY AS asked (key, n) \
         JOIN {} USING (key) ORDER BY n",
        table(target)
    );
    let found = sqlx::query(&select).bind(keys).fetch_all(pool).await?;
    Ok(found.iter().map(stored_row).collect::<sqlx::Result<_>>()?)
}

/// A row as selected by `key, slot, position, row`.
fn stored_row(row: &PgRow) -> sqlx::Result<StoredRow> {
    Ok(StoredRow {
        key: row.try_get(0)?,
        slot: row.try_get::<i32, _>(1)?.cast_unsigned(),
        position: row.try_get::<i64, _>(2)?.cast_unsigned(),
        row: row.try_get(3)?,
    })
}

fn found_row(row: &PgRow) -> Result<(StoredRow, ColumnValue), Failure> {
    let stored = stored_row(row)?;
    let value = match row.try_get::<Option<&[u8]>, _>(4)? {
        None => Some(ColumnValue::Text(stored.key.clone())),
        Some(place) => value_at(place),
    };
    let value =
        value.ok_or_else(|| Failure::refused(format!("row {} has no place", stored.key)))?;
    Ok((stored, value))
}
