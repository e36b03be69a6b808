//! The rows of a table that postgres-es filled: how many, of which types, in which order they are to
//! come, and what of them orderlog could not name or keep.

use serde::Serialize;
use sqlx::{FromRow, PgConnection};

use crate::postgres::plan::EVENT_LIMIT;

/// Entries of the metadata that tell when an event happened, as applications like to call them.
const TIME_KEYS: [&str; 5] = [
    "occurred_at",
    "recorded_at",
    "timestamp",
    "created_at",
    "time",
];

/// An instant where the text is one, with its time zone; else NULL.
const INSTANT: &str = r"
CREATE FUNCTION pg_temp.orderlog_instant(text) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN CASE WHEN $1 ~
        '^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)? ?(Z|UTC|[+-]\d\d(:?\d\d)?)$' THEN $1::timestamptz END;
EXCEPTION WHEN data_exception THEN
    RETURN NULL;
END $$";

const COUNTS: &str = "
SELECT count(*), count(DISTINCT (aggregate_type, aggregate_id)),
    count(DISTINCT metadata->>'command_id') FROM events";

const TYPES: &str = "
SELECT aggregate_type AS name, count(DISTINCT aggregate_id) AS streams, count(*) AS events
FROM events GROUP BY aggregate_type ORDER BY aggregate_type";

const WITHOUT_INSTANT: &str = "
SELECT count(*) FROM (SELECT FROM events
    WHERE pg_temp.orderlog_instant(metadata->>$1) IS NULL LIMIT $2) AS found";

const LATE: &str = "
SELECT count(*) FILTER (WHERE instant < reached) FROM (
    SELECT instant, max(instant) OVER (
        PARTITION BY aggregate_type, aggregate_id ORDER BY sequence) AS reached
    FROM (
        SELECT aggregate_type, aggregate_id, sequence,
            pg_temp.orderlog_instant(metadata->>$1) AS instant
        FROM events
    ) AS dated
) AS lasting";

const SNAPSHOTS: &str = "SELECT to_regclass('snapshots') IS NOT NULL";

/// Each answers with what stands against an adoption, in words; of many the first few.
const HINDRANCES: [&str; 6] = [
    "SELECT DISTINCT format('the aggregate type %L has a -, behind which orderlog looks for the id',
        aggregate_type) FROM events WHERE aggregate_type LIKE '%-%' LIMIT 5",
    "SELECT format('the stream %s-%s has %s events from version %s to %s: it has a gap',
        aggregate_type, aggregate_id, count(*), min(sequence), max(sequence))
    FROM events GROUP BY aggregate_type, aggregate_id
    HAVING min(sequence) <> 1 OR max(sequence) <> count(*) LIMIT 5",
    r"SELECT format('%s events have the version %L, which is no number up to 65535',
        count(*), event_version)
    FROM events WHERE NOT CASE WHEN event_version ~ '^[0-9]{1,5}(\.|$)'
        THEN split_part(event_version, '.', 1)::integer <= 65535 ELSE false END
    GROUP BY event_version LIMIT 5",
    "SELECT format('the command %s has events on several streams or apart from each other, where \
        orderlog would refuse the later ones', metadata->>'command_id')
    FROM events WHERE metadata->>'command_id' IS NOT NULL GROUP BY metadata->>'command_id'
    HAVING count(DISTINCT (aggregate_type, aggregate_id)) > 1
        OR max(sequence) - min(sequence) + 1 <> count(*) LIMIT 5",
    "SELECT format('the occurred_at %L in the metadata of %s events is no instant with a time zone',
        metadata->>'occurred_at', count(*))
    FROM events WHERE metadata->>'occurred_at' IS NOT NULL
        AND pg_temp.orderlog_instant(metadata->>'occurred_at') IS NULL
    GROUP BY metadata->>'occurred_at' LIMIT 5",
    "SELECT format('%s events are larger than the %s bytes that orderlog takes',
        count(*), $1::bigint)
    FROM events WHERE octet_length(payload::text) > $1::bigint HAVING count(*) > 0",
];

/// What a database holds, and how it would be adopted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Survey {
    /// Rows of the table.
    pub events: u64,
    /// Aggregates.
    pub streams: u64,
    /// The same per aggregate type.
    pub types: Vec<TypeCount>,
    /// Commands that the metadata names, under `command_id`.
    pub commands: u64,
    /// The order in which positions are given; each stream's own order is kept in both.
    pub order: Order,
    /// Whether there are snapshots. orderlog neither reads nor changes them.
    pub snapshots: bool,
    /// What stands against an adoption, in words.
    pub hindrances: Vec<String>,
}

/// Events and aggregates of one type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TypeCount {
    /// The aggregate type.
    pub name: String,
    /// Aggregates of it.
    pub streams: u64,
    /// Their events.
    pub events: u64,
}

/// What tells which of two streams' events is first. Nothing in the table does for certain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Each event has an instant in its metadata.
    ByInstant {
        /// The entry that holds it.
        key: String,
        /// Events whose instant is before that of one that their stream has earlier; they come
        /// right behind that one.
        late: u64,
    },
    /// No instants: the first events of all streams, then the second ones, and so on.
    RoundRobin,
}

impl Order {
    /// The entry of the metadata that tells the order.
    pub(super) fn key(&self) -> Option<&str> {
        match self {
            Self::ByInstant { key, .. } => Some(key),
            Self::RoundRobin => None,
        }
    }
}

#[derive(FromRow)]
struct TypeRow {
    name: String,
    streams: i64,
    events: i64,
}

/// Reads all rows, several times.
pub(super) async fn survey(
    connection: &mut PgConnection,
    time_key: Option<&str>,
) -> sqlx::Result<Survey> {
    sqlx::raw_sql(INSTANT).execute(&mut *connection).await?;
    let counts = sqlx::query_as(COUNTS).fetch_one(&mut *connection).await?;
    let (events, streams, commands): (i64, i64, i64) = counts;
    let types: Vec<TypeRow> = sqlx::query_as(TYPES).fetch_all(&mut *connection).await?;
    let snapshots = sqlx::query_scalar(SNAPSHOTS)
        .fetch_one(&mut *connection)
        .await?;
    let mut hindrances = hindrances(connection).await?;
    let order = match time_key {
        None => usual_order(connection, events).await?,
        Some(key) => {
            let without = without_instant(connection, key, events).await?;
            if without > 0 {
                hindrances.push(format!(
                    "{without} events have no instant with a time zone under {key:?} in their metadata"
                ));
            }
            by_instant(connection, key).await?
        }
    };
    Ok(Survey {
        events: events.unsigned_abs(),
        streams: streams.unsigned_abs(),
        types: types.into_iter().map(counted).collect(),
        commands: commands.unsigned_abs(),
        order,
        snapshots,
        hindrances,
    })
}

async fn hindrances(connection: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    let mut found = Vec::new();
    for check in HINDRANCES {
        let mut asked = sqlx::query_scalar(check);
        if check.contains("$1") {
            asked = asked.bind(EVENT_LIMIT as i64);
        }
        let said: Vec<String> = asked.fetch_all(&mut *connection).await?;
        found.extend(said);
    }
    Ok(found)
}

/// By the first of the usual keys that every event has; round robin if there is none.
async fn usual_order(connection: &mut PgConnection, events: i64) -> sqlx::Result<Order> {
    for key in TIME_KEYS {
        if events > 0 && without_instant(connection, key, 1).await? == 0 {
            return by_instant(connection, key).await;
        }
    }
    Ok(Order::RoundRobin)
}

async fn by_instant(connection: &mut PgConnection, key: &str) -> sqlx::Result<Order> {
    let late: i64 = sqlx::query_scalar(LATE)
        .bind(key)
        .fetch_one(connection)
        .await?;
    Ok(Order::ByInstant {
        key: key.to_owned(),
        late: late.unsigned_abs(),
    })
}

/// How many events have no instant there; counts no further than `most`.
async fn without_instant(connection: &mut PgConnection, key: &str, most: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar(WITHOUT_INSTANT)
        .bind(key)
        .bind(most)
        .fetch_one(connection)
        .await
}

fn counted(row: TypeRow) -> TypeCount {
    TypeCount {
        name: row.name,
        streams: row.streams.unsigned_abs(),
        events: row.events.unsigned_abs(),
    }
}
