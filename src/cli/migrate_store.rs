//! `orderlog migrate-store`: a stopped shop on the embedded log goes on in PostgreSQL, in the middle of
//! whatever its sagas are doing.

use std::{path::PathBuf, time::Instant};

use clap::Args as ClapArgs;
use indicatif::{ProgressBar, ProgressStyle};
use orderlog_log::sqlite::{MovedLog, Standing};
use orderlog_runtime::{
    kafka::Topic,
    relocation::{MoveError, Moved, Step, relocate, unmark},
};

use super::{Failure, runtime};
use crate::system::StartError;

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  orderlog migrate --database postgres://localhost/shop\n  orderlog migrate-store --data-dir orderlog-data --database postgres://localhost/shop\n  orderlog serve --database postgres://localhost/shop --kafka localhost:9092"
)]
pub(super) struct Args {
    /// Directory of the stopped shop.
    #[arg(
        long,
        env = "ORDERLOG_DATA_DIR",
        default_value = "orderlog-data",
        value_name = "DIR"
    )]
    data_dir: PathBuf,

    /// The database where it goes on, prepared by `orderlog migrate` and empty.
    #[arg(
        long,
        env = "ORDERLOG_DATABASE",
        hide_env_values = true,
        value_name = "URL",
        required_unless_present = "unmark"
    )]
    database: Option<String>,

    /// Partitions of the topic that will carry the log; `serve` must be given the same.
    #[arg(long, env = "ORDERLOG_PARTITIONS", default_value_t = Topic::PARTITIONS, value_name = "COUNT",
          value_parser = clap::value_parser!(u32).range(1..=64))]
    partitions: u32,

    /// Move nothing: take the mark away that keeps the directory from being served. Only where nobody
    /// goes on at the other place, or both would do everything.
    #[arg(long)]
    unmark: bool,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    if args.unmark {
        return take_mark_away(args);
    }
    let database = args.database.as_deref().unwrap_or_default();
    let head = MovedLog::open(&args.data_dir).map_err(StartError::from)?;
    let bar = bar(head.head().position);
    drop(head);
    let started = Instant::now();
    let progress = |step: Step| match step {
        Step::Copying(position) => bar.set_position(position),
        Step::Verifying(position) => {
            bar.set_message("verified");
            bar.set_position(position);
        }
    };
    let moved = relocate(&args.data_dir, database, args.partitions, progress);
    let moved = runtime()?.block_on(moved)?;
    bar.finish_and_clear();
    let seconds = started.elapsed().as_secs_f64();
    eprintln!(
        "{} events in {seconds:.1} s, {:.0} per second, verified",
        moved.log.events,
        moved.log.events as f64 / seconds
    );
    match args.json {
        true => print_json(&moved),
        false => {
            describe(args, &moved);
            Ok(())
        }
    }
}

fn take_mark_away(args: &Args) -> Result<(), Failure> {
    let data_dir = args.data_dir.display();
    match unmark(&args.data_dir).map_err(StartError::from)? {
        Standing::Here => println!("{data_dir} was not marked; nothing to do"),
        Standing::Moving { to } => {
            println!("{data_dir} stays; the move to {to} is given up");
        }
        Standing::Moved { to } => println!(
            "{data_dir} is served again; see that nobody goes on at {to}: they would be two shops, and \
             both would do what is due"
        ),
    }
    Ok(())
}

fn describe(args: &Args, moved: &Moved) {
    if moved.before {
        println!("an earlier run had taken everything there");
    }
    let rows = [
        ("events", moved.log.events),
        ("commands", moved.log.commands),
        ("work rows", moved.beside.work),
        ("  not finished", moved.beside.open_work),
        ("parked events", moved.beside.parked),
        ("seals", moved.beside.seals),
    ];
    for (name, count) in rows {
        println!("{name:<16} {count:>12}");
    }
    println!("hash of events   {}", moved.log.events_hash);
    println!("hash of commands {}", moved.log.commands_hash);
    println!(
        "log {} goes on at {} behind position {}, in {} partitions; {} is marked as moved",
        moved.log_id,
        moved.database,
        moved.head,
        args.partitions,
        args.data_dir.display()
    );
}

fn print_json(moved: &Moved) -> Result<(), Failure> {
    let json = serde_json::to_string_pretty(moved);
    println!(
        "{}",
        json.map_err(|error| Failure::failed(error.to_string()))?
    );
    Ok(())
}

fn bar(events: u64) -> ProgressBar {
    let style = ProgressStyle::with_template(
        "{bar:30} {human_pos}/{human_len} events {msg}, {per_sec}, {eta} left",
    );
    ProgressBar::new(events)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        .with_message("copied")
}

impl From<MoveError> for Failure {
    fn from(error: MoveError) -> Self {
        match error {
            MoveError::Store(error) => StartError::from(error).into(),
            MoveError::Tables(error) => StartError::from(error).into(),
            MoveError::Occupied(_) | MoveError::Elsewhere { .. } => {
                Self::conflict(error.to_string())
            }
            MoveError::Different { .. } => Self::failed(error.to_string()),
            MoveError::Unknown(_) => Self::unreachable(error.to_string()),
        }
    }
}
