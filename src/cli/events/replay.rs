//! `orderlog events replay`: a part of the log as a table, NDJSON or CSV, or onto another topic. Works
//! beside a running shop; what is killed can be continued. Next: `crate::replay`.

use std::{
    io::{ErrorKind, IsTerminal, stdout},
    path::PathBuf,
};

use clap::Args as ClapArgs;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use orderlog_log::event_reader::EventReader;
use orderlog_runtime::kafka::Topic;

use crate::{
    cli::{Failure, kafka::KafkaArgs, log::LogArgs},
    replay::{Asked, Format, Lines, OutFile, OutTopic, Output, Reached, ReplayError, replay},
};

const HELP: &str = "\
Examples:
  orderlog events replay --customer ada --type 'Payment*'
  orderlog events replay --from 2026-11-01T00:00:00Z --to 2026-12-01T00:00:00Z --format csv --out november.csv
  orderlog events replay --type OrderPlaced --where '$..sku=MUG-1' --format ndjson | jq .data
  orderlog events replay --kafka localhost:9092 --to-topic audit.2026-11

--resume continues what was killed: with --out from the checkpoint beside the file, with --to-topic from
the last events of the topic. It ends as if nothing had happened.";

#[derive(Debug, ClapArgs)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten, next_help_heading = "Which events")]
    asked: Asked,
    /// How lines are written.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// Into this file, which must not be there; to standard output unless said.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Onto this topic, as CloudEvents like the relay's; made where it is missing, never one of the shop's.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["out", "format"])]
    to_topic: Option<String>,
    /// Continue what was begun and not finished.
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    kafka: KafkaArgs,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let log = args.log.open().await?;
    let Some(mut output) = args.output(log.as_ref()).await? else {
        eprintln!("finished already: nothing to continue");
        return Ok(());
    };
    let bar = bar(&args);
    let told = |reached: Reached| {
        bar.set_length(reached.to.saturating_sub(reached.from - 1));
        bar.set_position(reached.position.saturating_sub(reached.from - 1));
        bar.set_message(format!("{} written", reached.written));
    };
    let done = replay(log.as_ref(), &args.asked, &mut output, &told).await;
    bar.finish_and_clear();
    match done {
        Ok(reached) => {
            eprintln!(
                "{} events of positions {} to {}",
                reached.written, reached.from, reached.to
            );
            Ok(())
        }
        // Whoever read along has seen enough.
        Err(ReplayError::Output { error, .. }) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(error.into()),
    }
}

impl Args {
    /// Where the events go; nothing where all of them are there.
    async fn output(&self, log: &dyn EventReader) -> Result<Option<Output>, Failure> {
        if let Some(name) = &self.to_topic {
            return self.topic(name, log).await.map(Some);
        }
        let Some(path) = &self.out else {
            if self.resume {
                let message =
                    "--resume continues a file or a topic: give --out FILE or --to-topic NAME";
                return Err(Failure::usage(message));
            }
            let lines = Lines::new(Box::new(stdout()) as _, self.format, "standard output");
            return Ok(Some(Output::Lines(lines)));
        };
        let file = OutFile::new(path, self.format, self.resume)?;
        Ok(file.map(Box::new).map(Output::File))
    }

    async fn topic(&self, name: &str, log: &dyn EventReader) -> Result<Output, Failure> {
        let Some(live) = self.kafka.topic() else {
            return Err(Failure::usage("--to-topic asks for --kafka HOST:PORT"));
        };
        let copy = Topic {
            name: name.to_owned(),
            ..live.clone()
        };
        let log_id = log.head().await.map_err(ReplayError::from)?.log_id;
        let own = (live.name.as_str(), self.kafka.public_topics.as_deref());
        let topic = OutTopic::open(copy, log_id, own, self.resume).await?;
        Ok(Output::Topic(topic))
    }
}

/// On a terminal, unless the lines go there, too.
fn bar(args: &Args) -> ProgressBar {
    let lines = args.out.is_none() && args.to_topic.is_none();
    if lines && stdout().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = "{bar:30} {percent}% of {len}, {per_sec}, {eta} left, {msg}";
    let style = ProgressStyle::with_template(style);
    ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr())
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

impl From<ReplayError> for Failure {
    fn from(error: ReplayError) -> Self {
        let message = error.to_string();
        match error {
            ReplayError::Asked(_) => Self::usage(message),
            ReplayError::Absent(_) => Self::not_found(message),
            ReplayError::Conflict(_) => Self::conflict(message),
            ReplayError::Topic(topic) if topic.is_retryable() => Self::unreachable(message),
            ReplayError::Log(_)
            | ReplayError::Output { .. }
            | ReplayError::Topic(_)
            | ReplayError::Payload { .. } => Self::failed(message),
        }
    }
}
