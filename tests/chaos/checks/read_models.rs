//! The read models are what the log says: nothing is parked, their sums are those of the log, and
//! rebuilt from it they have the very same rows, so that no event was applied twice or passed over.

use std::process::Output;

use orderlog_projections::{
    daily_sales::DailySales, order_summary::OrderSummary, payments::Payment,
    stock_levels::StockLevel,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::PgPool;

use super::Checked;
use crate::{finding::Finding, servers::Servers, world::World};

pub(super) async fn check(checked: &mut Checked, servers: &Servers, pool: &PgPool, world: &World) {
    for (by, table) in [
        ("the read models", "read_models.parked"),
        ("the process", "process_parked"),
    ] {
        let count = format!("SELECT count(*) FROM {table}");
        let parked: i64 = sqlx::query_scalar(&count).fetch_one(pool).await.unwrap();
        if parked > 0 {
            checked.findings.push(Finding::Parked { by, parked });
        }
    }
    let sums = sums(pool).await.unwrap();
    let log = [checked.captured, checked.refunded];
    for (of, found) in sums {
        for ((what, expected), found) in ["captured", "refunded"].into_iter().zip(log).zip(found) {
            if expected != found {
                let of = of.to_owned();
                checked.findings.push(Finding::Sum {
                    of,
                    what,
                    expected,
                    found,
                });
            }
        }
    }
    for level in rows::<StockLevel>(pool, "stock_levels").await.unwrap() {
        let id = format!("{}-{}", level.sku, level.warehouse);
        let item = world.stock.get(&id).map(|shelf| &shelf.item);
        let (expected, found) = (item.map_or(0, |item| item.on_hand), level.on_hand);
        if expected != found {
            checked.findings.push(Finding::Sum {
                of: id,
                what: "pieces on hand",
                expected: expected.into(),
                found: found.into(),
            });
        }
    }
    let rebuild = servers.command(&["projection", "rebuild", "--all", "--json"]);
    rebuilt(checked, &{ rebuild }.output().await.unwrap());
}

/// Captured and refunded, by each read model that knows.
async fn sums(pool: &PgPool) -> sqlx::Result<[(&'static str, [i128; 2]); 3]> {
    let orders = rows::<OrderSummary>(pool, "order_summary").await?;
    let payments = rows::<Payment>(pool, "payments").await?;
    let sales = rows::<DailySales>(pool, "daily_sales").await?;
    let amounts = || sales.iter().flat_map(|day| day.amounts.values());
    let minor = |amount: i64| i128::from(amount);
    Ok([
        (
            "order_summary",
            [
                orders
                    .iter()
                    .map(|row| minor(row.captured.amount_minor))
                    .sum(),
                orders
                    .iter()
                    .map(|row| minor(row.refunded.amount_minor))
                    .sum(),
            ],
        ),
        (
            "payments",
            [
                payments
                    .iter()
                    .map(|row| minor(row.captured.amount_minor))
                    .sum(),
                payments
                    .iter()
                    .map(|row| minor(row.refunded.amount_minor))
                    .sum(),
            ],
        ),
        (
            "daily_sales",
            [
                amounts().map(|sums| sums.captured.0).sum(),
                amounts().map(|sums| sums.refunded.0).sum(),
            ],
        ),
    ])
}

async fn rows<R: DeserializeOwned>(pool: &PgPool, projection: &str) -> sqlx::Result<Vec<R>> {
    let generation: i64 =
        sqlx::query_scalar("SELECT generation FROM read_models.projections WHERE name = $1")
            .bind(projection)
            .fetch_one(pool)
            .await?;
    let select = format!("SELECT row FROM read_models.{projection}_{generation}");
    let rows: Vec<String> = sqlx::query_scalar(&select).fetch_all(pool).await?;
    let read = rows.iter().map(|row| serde_json::from_str(row));
    Ok(read.collect::<Result<_, _>>().unwrap())
}

fn rebuilt(checked: &mut Checked, output: &Output) {
    let reports: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap_or_default();
    checked.read_models = reports.len();
    let differing = reports.iter().filter(|report| report["equal"] != true);
    let said = differing.map(|report| Finding::Rebuild {
        said: format!(
            "{} differs at {}",
            report["projection"], report["differences"][0]["key"]
        ),
    });
    checked.findings.extend(said);
    if !output.status.success() || reports.is_empty() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        checked.findings.push(Finding::Rebuild { said });
    }
}
