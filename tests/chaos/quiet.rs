//! When nothing is left to do: everything is published, folded and handled up to the same end of the
//! log, and no work is due soon. Bounded; what is still under way then is a finding.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use sqlx::{PgPool, Row};

use crate::{finding::Finding, servers::Servers};

const PATIENCE: Duration = Duration::from_secs(300);

/// How often it is looked.
const LOOK: Duration = Duration::from_millis(500);

/// Work that is due later than this is due in the far future: a parcel that should have arrived. All
/// other waits of a saga are far shorter at the run's time scale.
const SOON: &str = "3 minutes";

/// Waits until it is quiet; what is not, after all.
pub(crate) async fn until_quiet(servers: &Servers) -> Vec<Finding> {
    let pool = servers.connect().await;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let head = head(&pool).await.unwrap();
        let mut under_way = under_way(&pool, servers).await.unwrap();
        if under_way.is_empty() && self::head(&pool).await.unwrap() == head {
            return under_way;
        }
        if Instant::now() > deadline {
            under_way.push(Finding::NeverQuiet { head });
            return under_way;
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn head(pool: &PgPool) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT coalesce(max(position), 0) FROM events")
        .fetch_one(pool)
        .await
}

async fn under_way(pool: &PgPool, servers: &Servers) -> sqlx::Result<Vec<Finding>> {
    let mut found = Vec::new();
    let head = head(pool).await?;
    let published: i64 =
        sqlx::query_scalar("SELECT coalesce(max(position), 0) FROM relays WHERE topic = $1")
            .bind(&servers.name)
            .fetch_one(pool)
            .await?;
    if published < head {
        let what = "the relay".to_owned();
        found.push(Finding::Behind {
            what,
            at: published,
            of: head,
        });
    }
    let ends = ends(pool, servers).await?;
    for (name, reached) in followers(pool).await? {
        let behind = ends
            .iter()
            .find(|(partition, end)| reached.get(partition).unwrap_or(&0) < end);
        if let Some((partition, end)) = behind {
            found.push(Finding::Behind {
                what: format!("{name}, partition {partition}"),
                at: *reached.get(partition).unwrap_or(&0),
                of: *end,
            });
        }
    }
    let due = format!(
        "SELECT count(*) FROM work WHERE finished_at IS NULL \
         AND next_at < now() + interval '{SOON}'"
    );
    let due: i64 = sqlx::query_scalar(&due).fetch_one(pool).await?;
    if due > 0 {
        found.push(Finding::WorkDue { rows: due });
    }
    Ok(found)
}

/// Position of the last event of each partition.
async fn ends(pool: &PgPool, servers: &Servers) -> sqlx::Result<BTreeMap<i32, i64>> {
    let keys = sqlx::query("SELECT partition_key, max(position) FROM events GROUP BY 1");
    let mut ends = BTreeMap::new();
    for row in keys.fetch_all(pool).await? {
        let partition = servers.partition_of(row.try_get(0)?).cast_signed();
        let end: &mut i64 = ends.entry(partition).or_default();
        *end = (*end).max(row.try_get(1)?);
    }
    Ok(ends)
}

/// How far each projection and process has come, by partition.
async fn followers(pool: &PgPool) -> sqlx::Result<BTreeMap<String, BTreeMap<i32, i64>>> {
    let checkpoints = sqlx::query(
        "SELECT p.name, c.partition, c.position FROM read_models.projections AS p \
         LEFT JOIN read_models.checkpoints AS c \
         ON c.projection = p.name AND c.generation = p.generation \
         UNION ALL SELECT 'fulfilment', partition, position FROM process_checkpoints",
    );
    let mut followers: BTreeMap<String, BTreeMap<i32, i64>> =
        BTreeMap::from([("fulfilment".to_owned(), BTreeMap::new())]);
    for row in checkpoints.fetch_all(pool).await? {
        let reached = followers.entry(row.try_get(0)?).or_default();
        if let Some(partition) = row.try_get(1)? {
            reached.insert(partition, row.try_get(2)?);
        }
    }
    Ok(followers)
}
