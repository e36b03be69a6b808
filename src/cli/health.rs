//! `orderlog health URL`: asks a process whether it is well, for health checks in images that hold
//! nothing but this binary.

use std::time::Duration;

use clap::Args as ClapArgs;
use orderlog_web::client;

use super::{Failure, runtime};

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(5);

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// What to ask, such as http://127.0.0.1:8080/readyz.
    #[arg(default_value = "http://127.0.0.1:8080/readyz")]
    url: String,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    runtime()?.block_on(ask(&args.url))
}

async fn ask(url: &str) -> Result<(), Failure> {
    let unreachable = |error: reqwest::Error| {
        Failure::unreachable(format!("{url} does not answer: {}", error.without_url()))
    };
    let client = client::builder()
        .timeout(ANSWER)
        .build()
        .map_err(unreachable)?;
    let answer = client.get(url).send().await.map_err(unreachable)?;
    let status = answer.status();
    let body = answer.text().await.map_err(unreachable)?;
    if status.is_success() {
        println!("{body}");
        return Ok(());
    }
    Err(Failure::failed(format!("{url} answers {status}: {body}")))
}
