//! `orderlog backup` and `orderlog restore`: the embedded log, copied while it is in use, and put back.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use clap::Args as ClapArgs;
use indicatif::{ProgressBar, ProgressStyle};
use orderlog_log::{
    clock::Clock,
    sqlite::{self, Backup, back_up},
};
use serde::{Deserialize, Serialize};

use super::Failure;
use crate::system::StartError;

/// Name of the log's file.
const FILE: &str = "events.db";

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  orderlog backup --data-dir orderlog-data --out /backups/monday\n  orderlog backup --out /backups/monday.db\n\nA shop on PostgreSQL is backed up with PostgreSQL's own tools; see docs/backup.md."
)]
pub(super) struct Args {
    /// Directory of the log; of a running shop as well.
    #[arg(
        long,
        env = "ORDERLOG_DATA_DIR",
        default_value = "orderlog-data",
        value_name = "DIR"
    )]
    data_dir: PathBuf,

    /// Where the copy goes: a new file, if the name ends with .db, else a directory, which then is one
    /// that can be served.
    #[arg(long, value_name = "DIR|FILE")]
    out: PathBuf,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Example:\n  orderlog restore /backups/monday --data-dir orderlog-data\n\nRead models are filled anew from the log when the shop starts."
)]
pub(super) struct RestoreArgs {
    /// What `orderlog backup` wrote: the directory or the file.
    #[arg(value_name = "DIR|FILE")]
    backup: PathBuf,

    /// Directory that is to hold the log; it must hold none.
    #[arg(
        long,
        env = "ORDERLOG_DATA_DIR",
        default_value = "orderlog-data",
        value_name = "DIR"
    )]
    data_dir: PathBuf,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What lies beside a copy and tells what it was when it was taken.
#[derive(Serialize, Deserialize)]
struct Note {
    #[serde(flatten)]
    backup: Backup,
    taken_at: DateTime<Utc>,
}

pub(super) fn back(args: &Args) -> Result<(), Failure> {
    let file = copy_of(&args.out);
    if file.exists() {
        return Err(Failure::conflict(format!(
            "{} is there already; give a new --out",
            file.display()
        )));
    }
    let bar = bar();
    let progress = |pages, of| {
        bar.set_length(of);
        bar.set_position(pages);
    };
    let taken_at = Clock::system().now();
    let backup = back_up(&args.data_dir, &file, progress).map_err(StartError::from)?;
    bar.finish_and_clear();
    let note = Note { backup, taken_at };
    write_note(&file, &note)?;
    if args.json {
        return print_json(&note);
    }
    describe(&note.backup);
    println!("copied to {}", file.display());
    Ok(())
}

pub(super) fn restore(args: &RestoreArgs) -> Result<(), Failure> {
    let file = match args.backup.is_dir() {
        true => args.backup.join(FILE),
        false => args.backup.clone(),
    };
    let note = read_note(&file)?;
    if let Some(note) = &note {
        let found = sqlite::examine(&file).map_err(StartError::from)?;
        if found != note.backup {
            return Err(Failure::failed(format!(
                "{} is not as it was when it was taken on {}; take another backup",
                file.display(),
                note.taken_at
            )));
        }
    }
    let restored = sqlite::restore(&file, &args.data_dir).map_err(StartError::from)?;
    if note.is_none() {
        eprintln!(
            "no {} tells what the copy was when it was taken; it is sound in itself",
            note_of(&file).display()
        );
    }
    if args.json {
        return print_json(&restored);
    }
    describe(&restored);
    println!(
        "restored to {}; what happened behind position {} is not in it",
        args.data_dir.display(),
        restored.position
    );
    Ok(())
}

fn copy_of(out: &Path) -> PathBuf {
    match out.extension().is_some_and(|extension| extension == "db") {
        true => out.to_owned(),
        false => out.join(FILE),
    }
}

fn note_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".json");
    name.into()
}

fn write_note(file: &Path, note: &Note) -> Result<(), Failure> {
    let path = note_of(file);
    let text = serde_json::to_vec_pretty(note).map_err(io::Error::from);
    text.and_then(|text| fs::write(&path, text))
        .map_err(|error| Failure::failed(format!("{}: {error}", path.display())))
}

fn read_note(file: &Path) -> Result<Option<Note>, Failure> {
    let path = note_of(file);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::failed(format!("{}: {error}", path.display()))),
    };
    let note = serde_json::from_slice(&text);
    note.map(Some)
        .map_err(|error| Failure::failed(format!("{}: {error}", path.display())))
}

fn describe(backup: &Backup) {
    println!("log      {}", backup.log_id);
    println!("events   {}", backup.position);
    println!("commands {}", backup.commands);
    println!("bytes    {}", backup.bytes);
    println!("BLAKE3   {}", backup.blake3);
}

fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let json = serde_json::to_string_pretty(value);
    println!(
        "{}",
        json.map_err(|error| Failure::failed(error.to_string()))?
    );
    Ok(())
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} pages, {per_sec}, {eta} left");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
