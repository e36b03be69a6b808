//! `orderlog bench append`: durable appends by many writers. On the embedded engine (`sqlite`) it is the
//! store beside a raw file on the same disk; on PostgreSQL (`postgres`), whole commands through the
//! executor. The engines of others join them in the package `orderlog-bench`.

pub mod postgres;
pub mod sqlite;

use std::{io, path::PathBuf, time::Duration};

use anyhow::Context;
use orderlog_runtime::postgres::PgServer;

use super::{
    contest::{Contest, Timed},
    load::Writer,
    scratch::with_scratch,
    table::Report,
};

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct AppendArgs {
    /// The log's engine: sqlite measures appends to the store, postgres whole commands through the executor
    #[arg(long, value_enum, default_value_t = Engine::Sqlite)]
    pub engine: Engine,
    /// PostgreSQL server; databases of the bench's own are created there and removed again
    #[arg(long, value_name = "URL", required_if_eq("engine", "postgres"))]
    pub database: Option<String>,
    /// Writers at once, one event per command each
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    pub writers: u16,
    /// Seconds per contestant, over all rounds
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    pub seconds: u64,
    /// Rounds in which the contestants take turns
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,
    /// Directory for the files, on the disk to be measured; what is written there is removed again
    #[arg(long, default_value = ".")]
    pub dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// An engine of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Engine {
    /// SQLite files.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// Runs the bench and prints its report.
pub async fn run(args: AppendArgs) -> anyhow::Result<()> {
    match args.engine {
        Engine::Sqlite => {
            let scratch = args.scratch()?;
            let contest = sqlite::contest(&args, scratch.path())?;
            args.report(args.title(), contest, &[(1, 0)]).await
        }
        Engine::Postgres => {
            with_scratch(async |scratch| {
                let database = scratch.database(args.server()?).await?;
                let contest = postgres::contest(&args, &database).await?;
                args.report(args.command_title().await?, contest, &[]).await
            })
            .await
        }
    }
}

impl AppendArgs {
    /// These writers as a contestant.
    pub fn timed<W: Writer>(&self, writers: Vec<W>) -> Timed<W> {
        Timed::new(writers, Duration::from_secs(self.seconds) / self.rounds)
    }

    /// Runs the contest and prints its report, with these ratios of places in it.
    pub async fn report(
        &self,
        title: String,
        contest: Contest,
        compared: &[(usize, usize)],
    ) -> anyhow::Result<()> {
        let rows = contest.run(self.rounds).await?;
        Report::new(title, rows, compared).print(&mut io::stdout().lock(), self.json)
    }

    /// The server to measure on.
    pub fn server(&self) -> anyhow::Result<&str> {
        self.database.as_deref().context("give --database URL")
    }

    /// A directory for the files of the run; it goes when dropped.
    pub fn scratch(&self) -> anyhow::Result<tempfile::TempDir> {
        tempfile::Builder::new()
            .prefix("orderlog-bench-")
            .tempdir_in(&self.dir)
            .with_context(|| format!("create a directory in {}", self.dir.display()))
    }

    /// What is measured on the embedded engine, in one line.
    pub fn title(&self) -> String {
        format!(
            "durable appends, one event of ~250 B per command, {} writers, {} rounds, {} s per contestant",
            self.writers, self.rounds, self.seconds
        )
    }

    /// What is measured on PostgreSQL, in one line; the server's durability is part of it.
    pub async fn command_title(&self) -> anyhow::Result<String> {
        let durability = PgServer::new(self.server()?)?.durability().await?;
        Ok(format!(
            "commands (load, decide, append), one event of ~250 B each, ten per stream, {} at once, \
             {} rounds, {} s per contestant; {durability}",
            self.writers, self.rounds, self.seconds
        ))
    }
}
