//! The log beside the engines of others, in one run: `cargo run --release -p orderlog-bench`. The
//! embedded engine meets a raw file and UmaDB's engine; with `--engine postgres`, commands through the
//! executor meet the same commands through cqrs-es on postgres-es, and plain inserts. It is a package of its own so that
//! nobody who only builds orderlog compiles those. Next: `umadb`, `postgres_es`, and `orderlog::bench`.

mod plain_inserts;
mod postgres_es;
mod umadb;

use clap::Parser;
use orderlog::bench::{
    append::{AppendArgs, Engine, postgres, sqlite},
    scratch::with_scratch,
};
use umadb::CommandId;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Durable appends: orderlog beside the engines of others
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    append: AppendArgs,

    /// Connections of postgres-es, and of the plain inserts; postgres-es's own default is 10
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..))]
    peer_connections: u32,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match arguments.append.engine {
        Engine::Sqlite => embedded(&arguments.append).await,
        Engine::Postgres => on_postgres(&arguments).await,
    }
}

async fn embedded(args: &AppendArgs) -> anyhow::Result<()> {
    let scratch = args.scratch()?;
    let mut contest = sqlite::contest(args, scratch.path())?;
    for command_id in [CommandId::Checked, CommandId::Noted] {
        let writers = umadb::writers(args.writers, command_id, scratch.path())?;
        contest = contest.enter(command_id.contestant(), args.timed(writers));
    }
    let compared = [(1, 0), (1, 2), (1, 3), (2, 0)];
    args.report(args.title(), contest, &compared).await
}

async fn on_postgres(arguments: &Arguments) -> anyhow::Result<()> {
    let args = &arguments.append;
    with_scratch(async |scratch| {
        let (server, connections) = (args.server()?, arguments.peer_connections);
        let ours = scratch.database(server).await?;
        let theirs = scratch.database(server).await?;
        let peer = postgres_es::writers(args.writers, connections, &theirs).await?;
        let plain = plain_inserts::writers(args.writers, connections, &theirs).await?;
        let contest = postgres::contest(args, &ours)
            .await?
            .enter(postgres_es::NAME, args.timed(peer))
            .enter(plain_inserts::NAME, args.timed(plain));
        let compared = [(0, 1), (0, 2), (2, 1)];
        args.report(args.command_title().await?, contest, &compared)
            .await
    })
    .await
}
