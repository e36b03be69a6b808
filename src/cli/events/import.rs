//! `orderlog events import`: history from a file, as evidence: nothing is done because of it. The file is
//! read as a whole first; one that is not as it was written changes nothing.

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use indicatif::{ProgressBar, ProgressStyle};
use orderlog_log::archive::{ArchiveReader, Header};
use orderlog_runtime::{
    kafka::Topic,
    relocation::{Arrival, ArrivalError, Arrived, Place},
};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    cli::{Failure, remote::print_json},
    system,
};

const HELP: &str = "\
Examples:
  orderlog events import shop.ndjson.zst --data-dir evidence
  orderlog events import shop.ndjson.zst --database postgres://localhost/evidence

What is imported is history, not work: nobody is charged or told again, and sagas that were in the middle
stay there. To take a shop along with its work use `orderlog migrate-store` or `orderlog backup`. An
import that was killed goes on when it is run once more.";

#[derive(Debug, ClapArgs)]
#[command(after_help = HELP)]
pub(in crate::cli) struct Args {
    /// What `orderlog events export` wrote.
    file: PathBuf,

    /// Directory of the log that takes it, where no database is given; made where it is missing.
    #[arg(
        long,
        env = "ORDERLOG_DATA_DIR",
        default_value = "orderlog-data",
        value_name = "DIR"
    )]
    data_dir: PathBuf,

    /// PostgreSQL database of the log that takes it, prepared by `orderlog migrate`.
    #[arg(
        long,
        env = "ORDERLOG_DATABASE",
        hide_env_values = true,
        value_name = "URL"
    )]
    database: Option<String>,

    /// Partitions of the topic that will carry the log of the database; `serve` must be given the same.
    #[arg(long, env = "ORDERLOG_PARTITIONS", default_value_t = Topic::PARTITIONS, value_name = "COUNT",
          value_parser = clap::value_parser!(u32).range(1..=64))]
    partitions: u32,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What was taken up.
#[derive(Serialize)]
struct Imported {
    log_id: Uuid,
    from: u64,
    until: u64,
    events: u64,
    new_events: u64,
    commands: u64,
    new_commands: u64,
    blake3: String,
    /// Where the target's log ends now.
    head: u64,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let bar = bar();
    check(&args.file, &bar)?;
    let mut reader = ArchiveReader::open(&args.file)?;
    let header = reader.header().clone();
    let mut arrival = Arrival::begin(args.place(), system::processes(), &header).await?;
    if arrival.head().position >= header.from {
        let head = arrival.head().position;
        bar.suspend(|| eprintln!("the target has events up to position {head}: they are compared"));
    }
    bar.set_message("imported");
    while let Some(stretch) = reader.next_block()? {
        arrival.take(stretch).await?;
        bar.set_position(reader.tally().position);
    }
    let head = arrival.head().position;
    let arrived = arrival.finish().await?;
    bar.finish_and_clear();
    let imported = imported(&header, &reader, arrived, head);
    match args.json {
        true => print_json(&imported),
        false => {
            describe(&imported);
            Ok(())
        }
    }
}

impl Args {
    fn place(&self) -> Place<'_> {
        match &self.database {
            Some(url) => Place::Database {
                url,
                partitions: self.partitions,
            },
            None => Place::Directory(&self.data_dir),
        }
    }
}

/// Reads all of the file.
fn check(file: &Path, bar: &ProgressBar) -> Result<(), Failure> {
    let mut reader = ArchiveReader::open(file)?;
    bar.set_length(reader.header().until);
    bar.set_message("checked");
    while reader.next_block()?.is_some() {
        bar.set_position(reader.tally().position);
    }
    Ok(())
}

fn imported(header: &Header, reader: &ArchiveReader, arrived: Arrived, head: u64) -> Imported {
    let tally = reader.tally();
    Imported {
        log_id: header.log_id,
        from: header.from,
        until: header.until,
        events: tally.events,
        new_events: arrived.events,
        commands: tally.commands,
        new_commands: arrived.commands,
        blake3: tally.blake3.clone(),
        head,
    }
}

fn describe(imported: &Imported) {
    println!("log       {}", imported.log_id);
    println!("positions {} to {}", imported.from, imported.until);
    println!(
        "events    {}, {} of them new",
        imported.events, imported.new_events
    );
    println!(
        "commands  {}, {} of them new",
        imported.commands, imported.new_commands
    );
    println!("BLAKE3    {}", imported.blake3);
    println!("the log ends at position {}", imported.head);
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template(
        "{bar:30} {human_pos}/{human_len} events {msg}, {per_sec}, {eta} left",
    );
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

impl From<ArrivalError> for Failure {
    fn from(error: ArrivalError) -> Self {
        match error {
            ArrivalError::Target(error) => error.into(),
            ArrivalError::InUse { .. }
            | ArrivalError::OtherLog { .. }
            | ArrivalError::Event { .. }
            | ArrivalError::Command { .. }
            | ArrivalError::Gap { .. } => Self::conflict(error.to_string()),
        }
    }
}
