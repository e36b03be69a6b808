//! `orderlog events export`: events and recorded commands as a file, beside whoever writes the log. It
//! grows beside its name and gets it when it is whole; what was killed is gone on with.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use clap::Args as ClapArgs;
use indicatif::{ProgressBar, ProgressStyle};
use orderlog_log::{
    archive::{ArchiveError, ArchiveWriter, Header, Tally, Unfinished},
    event::Position,
    history::{History, Range},
};
use serde::Serialize;

use crate::{
    cli::{Failure, log::LogArgs, remote::print_json},
    system::StartError,
};

const HELP: &str = "\
Examples:
  orderlog events export --out shop.ndjson.zst
  orderlog events export --from 50001 --out later.ndjson.zst
  zstd -dc shop.ndjson.zst | jq -c 'select(.event.type == \"OrderPlaced\") | .event.data'

Until it is whole the file is called FILE.part; run the same command once more to go on with it.";

#[derive(Debug, ClapArgs)]
#[command(after_help = HELP)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    log: LogArgs,

    /// The file, which must not be there.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// Position of the first event; without it the first.
    #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(u64).range(1..))]
    from: Option<Position>,

    /// Position of the last event; without it the last.
    #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(u64).range(1..))]
    to: Option<Position>,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What was written.
#[derive(Serialize)]
struct Exported {
    file: PathBuf,
    #[serde(flatten)]
    header: Header,
    events: u64,
    commands: u64,
    bytes: u64,
    blake3: String,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    if args.out.exists() {
        let out = args.out.display();
        let message = format!("{out} is there already; give a new --out");
        return Err(Failure::conflict(message));
    }
    let part = part_of(&args.out);
    let (header, history, writer) = begin(&args, &part).await?;
    let tally = write(history, writer)
        .await?
        .map_err(|error| failed(&part, error))?;
    let bytes = place(&part, &args.out).map_err(|error| failed(&part, error))?;
    let exported = Exported {
        file: args.out,
        header,
        events: tally.events,
        commands: tally.commands,
        bytes,
        blake3: tally.blake3,
    };
    match args.json {
        true => print_json(&exported),
        false => {
            describe(&exported);
            Ok(())
        }
    }
}

/// Begins the file, or finds how far an earlier run has come.
async fn begin(
    args: &Args,
    part: &Path,
) -> Result<(Header, History, ArchiveWriter<File>), Failure> {
    let taken = match part.exists() {
        true => Some(take(part, File::options().write(true))?),
        false => None,
    };
    let begun = match taken {
        Some(_) => Unfinished::find(part)?,
        None => None,
    };
    let range = range(args, begun.as_ref())?;
    let history = args.log.address().history(range).await?;
    let head = history.head.position;
    if history.from > head + 1 {
        let message = format!("--from {}: the log ends at position {head}", history.from);
        return Err(Failure::not_found(message));
    }
    let io = |error| failed(part, error);
    let file = match taken {
        Some(file) => file,
        None => take(part, File::options().write(true).create_new(true))?,
    };
    let Some(begun) = begun else {
        let header = Header::of(&history);
        file.set_len(0).map_err(io)?;
        let writer = ArchiveWriter::begin(file, header.clone()).map_err(io)?;
        return Ok((header, history, writer));
    };
    let found = (history.head.log_id, history.before, history.until);
    let header = begun.header.clone();
    if found != (header.log_id, begun.tally.event_id, header.until) {
        return Err(Failure::conflict(format!(
            "{} was begun from another log ({}): remove it, or give another --out",
            part.display(),
            header.log_id
        )));
    }
    eprintln!(
        "{} goes on behind position {}",
        part.display(),
        begun.tally.position
    );
    let writer = begun.go_on(file).map_err(io)?;
    Ok((header, history, writer))
}

/// What is to be read; of a file that was begun, what it lacks.
fn range(args: &Args, begun: Option<&Unfinished>) -> Result<Range, Failure> {
    let (from, to) = (args.from.unwrap_or(1), args.to);
    if to.is_some_and(|to| to < from) {
        return Err(Failure::usage("--to lies before --from"));
    }
    let Some(Unfinished { header, tally, .. }) = begun else {
        return Ok(Range {
            from: args.from,
            to,
        });
    };
    if from != header.from || to.is_some_and(|to| to != header.until) {
        return Err(Failure::conflict(format!(
            "{} was begun for positions {} to {}: repeat --from and --to, or remove it",
            part_of(&args.out).display(),
            header.from,
            header.until
        )));
    }
    let (from, to) = (Some(tally.position + 1), Some(header.until));
    Ok(Range { from, to })
}

/// The file, for this process alone.
fn take(part: &Path, how: &OpenOptions) -> Result<File, Failure> {
    let file = how.open(part).map_err(|error| failed(part, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let message = format!("{} is written by another process", part.display());
            Err(Failure::conflict(message))
        }
        Err(TryLockError::Error(error)) => Err(failed(part, error)),
    }
}

/// Writes the rest; the inner failure is that of the file.
async fn write(
    mut history: History,
    mut writer: ArchiveWriter<File>,
) -> Result<io::Result<Tally>, Failure> {
    let behind = writer.tally().clone();
    let bar = bar(history.until);
    while let Some(mut stretch) = history.next().await.map_err(StartError::from)? {
        // What was recorded at the end of the part that stays is in it.
        stretch
            .commands
            .retain(|record| behind.events == 0 || record.position > behind.position);
        if let Err(error) = writer.write(&stretch) {
            return Ok(Err(error));
        }
        bar.set_position(writer.tally().position);
    }
    bar.finish_and_clear();
    let finished = writer.finish();
    Ok(finished.and_then(|(file, tally)| file.sync_all().map(|()| tally)))
}

/// Gives the file its name; answers its size.
fn place(part: &Path, out: &Path) -> io::Result<u64> {
    fs::rename(part, out)?;
    let parent = out.parent().filter(|path| !path.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(fs::metadata(out)?.len())
}

fn part_of(out: &Path) -> PathBuf {
    let mut part = out.as_os_str().to_owned();
    part.push(".part");
    part.into()
}

fn failed(path: &Path, error: io::Error) -> Failure {
    let mend = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::FileTooLarge => {
            "; free some space and run it once more, it goes on"
        }
        _ => "",
    };
    Failure::failed(format!("{}: {error}{mend}", path.display()))
}

fn describe(exported: &Exported) {
    let header = &exported.header;
    println!("log       {}", header.log_id);
    println!("positions {} to {}", header.from, header.until);
    println!("events    {}", exported.events);
    println!("commands  {}", exported.commands);
    println!("bytes     {}", exported.bytes);
    println!("BLAKE3    {}", exported.blake3);
    println!("written to {}", exported.file.display());
}

fn bar(until: Position) -> ProgressBar {
    let style = ProgressStyle::with_template(
        "{bar:30} {human_pos}/{human_len} events, {per_sec}, {eta} left",
    );
    ProgressBar::new(until).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

impl From<ArchiveError> for Failure {
    fn from(error: ArchiveError) -> Self {
        match &error {
            ArchiveError::File { error: io, .. } if io.kind() == io::ErrorKind::NotFound => {
                Self::not_found(error.to_string())
            }
            _ => Self::failed(error.to_string()),
        }
    }
}
