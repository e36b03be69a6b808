//! Durable appends per second of the log and of a bare file, side by side, in one run: one event
//! of some 250 bytes per command, version checked and command id recorded, for 1, 16, 64 and 256
//! writers that each wait for their answer. Given the URL of a database instead of a directory, the
//! log in PostgreSQL; the raw file then lies in the temporary directory.
//!
//! `cargo run --release -p orderlog-log --example append_probe [seconds] [directory | URL]`

use std::{
    error::Error,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::Utc;
use orderlog_log::{
    event::NewEvent,
    event_store::{
        AppendOutcome, CommandEnvelope, Decided, EventStore, Fingerprint, StreamAppend, Verdict,
    },
    postgres::{PgEventStore, PgOptions, migrate},
    sqlite::SqliteEventStore,
};
use tokio::task::JoinSet;
use uuid::Uuid;

#[path = "../../../src/bench/raw_file.rs"]
#[expect(unreachable_pub, reason = "the module is at home in the binary")]
mod raw_file;

use raw_file::RawFile;

/// Events per stream before a writer begins a new one, as in the life of an order.
const EVENTS_PER_STREAM: u64 = 10;

/// The rest of a payload of some 250 bytes.
const REST: &str = r#""customer_id":"C-17850","lines":[{"sku":"85123A","name":"WHITE HANGING HEART T-LIGHT HOLDER","quantity":6,"unit_price":{"amount_minor":255,"currency":"GBP"},"discount":{"amount_minor":0,"currency":"GBP"}}]"#;

#[tokio::main(flavor = "multi_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().map_or(Ok(5), |it| it.parse())?;
    let place = arguments.next();
    let url = place.clone().filter(|place| place.starts_with("postgres"));
    let parent = place
        .filter(|_| url.is_none())
        .map_or_else(std::env::temp_dir, PathBuf::from);
    let directory = tempfile::tempdir_in(parent)?;
    let window = Duration::from_secs(seconds);
    println!(
        "{:>8} {:>12} {:>12} {:>8}",
        "writers", "raw/s", "log/s", "ratio"
    );
    for writers in [1, 16, 64, 256] {
        let raw = raw_rate(
            &directory.path().join(format!("raw-{writers}")),
            writers,
            window,
        )
        .await?;
        let store = match &url {
            Some(url) => postgres(url).await?,
            None => sqlite(&directory.path().join(format!("log-{writers}")))?,
        };
        let log = log_rate(store, writers, window).await;
        println!("{writers:>8} {raw:>12.0} {log:>12.0} {:>8.2}", log / raw);
    }
    Ok(())
}

fn sqlite(directory: &Path) -> Result<Arc<dyn EventStore>, Box<dyn Error>> {
    Ok(Arc::new(SqliteEventStore::open(directory)?))
}

async fn postgres(url: &str) -> Result<Arc<dyn EventStore>, Box<dyn Error>> {
    let pool = sqlx::PgPool::connect(url).await?;
    migrate(&pool).await?;
    Ok(Arc::new(
        PgEventStore::connect(url, PgOptions::default()).await?,
    ))
}

async fn log_rate(store: Arc<dyn EventStore>, writers: usize, window: Duration) -> f64 {
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..writers {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let (mut done, mut stream, mut version) = (0_u64, new_stream(), 0);
            while began.elapsed() < window {
                if version == EVENTS_PER_STREAM {
                    (stream, version) = (new_stream(), 0);
                }
                let outcomes = store.append(vec![decided(&stream, version)]).await;
                let recorded = matches!(outcomes.as_deref(), Ok([AppendOutcome::Recorded(_)]));
                assert!(recorded, "{outcomes:?}");
                version += 1;
                done += 1;
            }
            done
        });
    }
    let done: u64 = tasks.join_all().await.into_iter().sum();
    done as f64 / began.elapsed().as_secs_f64()
}

async fn raw_rate(path: &Path, writers: usize, window: Duration) -> Result<f64, Box<dyn Error>> {
    let file = Arc::new(RawFile::create(path)?);
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..writers {
        let file = Arc::clone(&file);
        tasks.spawn(async move {
            let (mut done, stream) = (0_u64, new_stream());
            while began.elapsed() < window {
                file.append(record(&decided(&stream, done)))
                    .await
                    .expect("the disk takes it");
                done += 1;
            }
            done
        });
    }
    let done: u64 = tasks.join_all().await.into_iter().sum();
    Ok(done as f64 / began.elapsed().as_secs_f64())
}

/// The same facts as bytes, as short as they get without compression.
fn record(decided: &Decided) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(512);
    bytes.extend_from_slice(decided.command.command_id.as_bytes());
    bytes.extend_from_slice(&decided.command.fingerprint.0);
    for write in &decided.writes {
        bytes.extend_from_slice(write.stream.as_bytes());
        bytes.extend_from_slice(&write.expected_version.to_le_bytes());
        for event in &write.events {
            bytes.extend_from_slice(event.event_id.as_bytes());
            bytes.extend_from_slice(&event.occurred_at.timestamp_micros().to_le_bytes());
            bytes.extend_from_slice(event.event_type.as_bytes());
            bytes.extend_from_slice(event.data.as_bytes());
        }
    }
    bytes
}

fn new_stream() -> String {
    format!("order-{}", Uuid::now_v7())
}

fn decided(stream: &str, expected_version: u64) -> Decided {
    let command_id = Uuid::now_v7();
    let event = NewEvent {
        event_id: Uuid::now_v7(),
        event_type: "OrderPlaced".to_owned(),
        schema_version: 1,
        data: format!("{{\"OrderPlaced\":{{\"reference\":\"{command_id}\",{REST}}}}}"),
        occurred_at: Utc::now(),
    };
    Decided {
        command: CommandEnvelope {
            command_id,
            fingerprint: Fingerprint(*command_id.as_bytes()),
            command_type: "PlaceOrder".to_owned(),
            stream: stream.to_owned(),
            actor: "bench".to_owned(),
            correlation_id: command_id,
            causation_id: command_id,
            traceparent: None,
        },
        verdict: Verdict::Accepted,
        writes: vec![StreamAppend {
            stream: stream.to_owned(),
            expected_version,
            partition_key: stream["order-".len()..].to_owned(),
            events: vec![event],
        }],
    }
}
