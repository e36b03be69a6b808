//! How fast a log is sealed and verified: makes one of so many events in a new directory, by hand and
//! in the shape of real ones, seals all of it, and verifies it.
//! `cargo run --release --example seal_probe -- DIR [EVENTS] [THREADS]`

use std::{error::Error, path::Path, sync::Arc, time::Instant};

use orderlog_log::{
    clock::Clock,
    event_store::EventStore,
    seal::{
        KeyFile, SealSettings, Sealer,
        verify::{Asked, verify},
    },
    sqlite::{SqliteEventStore, SqliteLogReader},
};
use rusqlite::Connection;

/// Seven events to a stream, as an order with its saga has; some 600 bytes each.
const FILL: &str = "
PRAGMA synchronous = OFF;
BEGIN;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < (?1 + 6) / 7)
INSERT INTO streams (id, name)
SELECT i, 'order-' || lower(hex(randomblob(16))) FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
INSERT INTO events
SELECT i, randomblob(16), (i + 6) / 7, (i + 6) % 7 + 1, 'OrderConfirmed', 1, NULL, randomblob(16),
    randomblob(16), randomblob(16), 'customer:17850',
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 1700000000000000 + i,
    1700000000000000 + i,
    '{\"order_id\":\"' || hex(randomblob(16)) || '\",\"lines\":\"' || hex(randomblob(150)) || '\"}'
FROM n;
COMMIT;";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().ok_or("name a directory")?;
    let events: u64 = arguments.next().map_or(Ok(1_000_000), |it| it.parse())?;
    let threads: usize = arguments.next().map_or(Ok(2), |it| it.parse())?;
    let directory = Path::new(&directory);
    if !directory.join("events.db").exists() {
        drop(SqliteEventStore::open(directory)?);
        let log = Connection::open(directory.join("events.db"))?;
        let began = Instant::now();
        log.execute_batch(&FILL.replace("?1", &events.to_string()))?;
        told("made", events, began);
    }
    seal(directory).await?;
    let reader = Arc::new(SqliteLogReader::open(directory)?);
    let asked = Asked {
        threads,
        ..Asked::default()
    };
    let began = Instant::now();
    let report = verify(reader, &asked, |_, _| {}).await?;
    told("verified", report.events, began);
    println!("{} seals, finding {:?}", report.seals, report.finding);
    Ok(())
}

async fn seal(directory: &Path) -> Result<(), Box<dyn Error>> {
    let store = SqliteEventStore::open(directory)?;
    let key = directory.join("seal.key");
    KeyFile::open_or_create(&key)?;
    let settings = SealSettings {
        key,
        every: 4096,
        interval: std::time::Duration::from_secs(60),
        anchor: None,
    };
    let head = store.watch_head();
    let mut sealer = Sealer::new(Arc::new(store), head, settings, Clock::system());
    let (mut sealed, began) = (0, Instant::now());
    while let Some(seal) = sealer.seal_now().await? {
        sealed += seal.body.events();
    }
    told("sealed", sealed, began);
    Ok(())
}

fn told(what: &str, events: u64, began: Instant) {
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{what} {events} events in {seconds:.1} s: {:.0}/s",
        events as f64 / seconds
    );
}
