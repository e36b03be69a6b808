//! `orderlog verify-proof FILE`: checks what `events prove` printed, without a log and without a
//! network.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use orderlog_log::seal::{PublicKey, proof::Proof};
use serde::Serialize;
use uuid::Uuid;

use super::{Failure, remote::print_json};

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Example:\n  orderlog verify-proof proof.json --key 3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29\n\nExit codes: 0 proved, 1 the proof proves nothing, 7 it holds, but whose key it is was not checked."
)]
pub(super) struct Args {
    /// What `orderlog events prove` printed.
    file: PathBuf,

    /// The public key that is known to be the shop's, as it published it: the first one, or any one up
    /// to that which signed.
    #[arg(long, value_name = "PUBLIC")]
    key: Option<PublicKey>,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What is printed as JSON.
#[derive(Serialize)]
struct Proved {
    position: u64,
    event_id: Uuid,
    log_id: Uuid,
    seal: u64,
    signed_by: PublicKey,
    key_checked: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let place = args.file.display();
    let text = std::fs::read_to_string(&args.file)
        .map_err(|error| Failure::not_found(format!("cannot read {place}: {error}")))?;
    let proof: Proof = serde_json::from_str(&text)
        .map_err(|error| Failure::failed(format!("{place} is no proof: {error}")))?;
    let checked = proof.check(args.key);
    checked.map_err(|error| Failure::failed(format!("{place}: {error}")))?;
    print(args, &proof)?;
    match args.key {
        Some(_) => Ok(()),
        None => Err(Failure::partial(
            "the proof holds if the key is the shop's: compare it with what the shop published, or give \
             --key PUBLIC",
        )),
    }
}

fn print(args: &Args, Proof { event, seal, .. }: &Proof) -> Result<(), Failure> {
    let body = &seal.body;
    if args.json {
        return print_json(&Proved {
            position: event.position,
            event_id: event.event_id,
            log_id: body.log_id,
            seal: body.number,
            signed_by: body.key,
            key_checked: args.key.is_some(),
        });
    }
    println!("log       {}", body.log_id);
    println!(
        "event     {} at position {}",
        event.event_type, event.position
    );
    println!("stream    {}, version {}", event.stream, event.version);
    println!("recorded  {}", event.recorded_at.to_rfc3339());
    println!("data      {}", event.data);
    println!(
        "sealed    {} by seal {} over positions {} to {}",
        body.sealed_at.to_rfc3339(),
        body.number,
        body.first,
        body.last
    );
    println!("key       {}", body.key);
    Ok(())
}
