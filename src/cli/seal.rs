//! `orderlog seal`: the keys that sign seals. Both verbs touch the key's file alone; a sealer that runs
//! reads it before its next seal.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use orderlog_log::seal::{KeyError, KeyFile, PublicKey};
use serde::Serialize;

use super::{Failure, ShopArgs, remote::print_json, runtime};
use crate::system::System;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Print the public halves of the keys, oldest first; the last one signs, or will soon.
    Key(Args),
    /// Draw a new key. The next seal is signed by the old one and introduces it; all later ones are
    /// signed by the new one.
    RotateKey(Args),
    /// Seal all that is in the log, now: a log that was imported or adopted, of a shop that stands
    /// still.
    Now(Box<NowArgs>),
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  orderlog seal key --data-dir /var/lib/orderlog\n  orderlog seal rotate-key --seal-key /etc/orderlog/seal.key"
)]
pub(super) struct Args {
    /// The private keys; by default seal.key in the data directory.
    #[arg(long, env = "ORDERLOG_SEAL_KEY", value_name = "FILE")]
    seal_key: Option<PathBuf>,

    /// The data directory.
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

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  orderlog seal now --data-dir /var/lib/orderlog\n  orderlog seal now --database postgres://localhost/orderlog --seal-key seal.key"
)]
pub(super) struct NowArgs {
    #[command(flatten)]
    shop: ShopArgs,
}

/// What is printed as JSON.
#[derive(Serialize)]
struct Keys {
    algorithm: &'static str,
    public_keys: Vec<PublicKey>,
}

pub(super) fn run(verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Key(args) => print(&args),
        Verb::RotateKey(args) => {
            let new = KeyFile::rotate(&args.path()).map_err(failed)?;
            eprintln!("the next seal introduces {new}");
            print(&args)
        }
        Verb::Now(args) => runtime()?.block_on(now(&args)),
    }
}

async fn now(args: &NowArgs) -> Result<(), Failure> {
    let config = args.shop.config()?;
    let (mut seals, mut events) = (0_u64, 0);
    System::seal_all(&config, |seal| {
        seals += 1;
        events += seal.body.events();
    })
    .await?;
    println!("{events} events sealed, by {seals} seals");
    Ok(())
}

fn print(args: &Args) -> Result<(), Failure> {
    let public_keys = KeyFile::open(&args.path()).map_err(failed)?.public();
    if args.json {
        return print_json(&Keys {
            algorithm: "Ed25519",
            public_keys,
        });
    }
    for key in public_keys {
        println!("{key}");
    }
    Ok(())
}

impl Args {
    fn path(&self) -> PathBuf {
        let in_directory = || self.data_dir.join("seal.key");
        self.seal_key.clone().unwrap_or_else(in_directory)
    }
}

fn failed(error: KeyError) -> Failure {
    match &error {
        KeyError::File { error: cause, .. } if cause.kind() == std::io::ErrorKind::NotFound => {
            Failure::not_found(format!(
                "{error}; give --seal-key FILE, or the --data-dir of a shop that has sealed"
            ))
        }
        _ => Failure::failed(error.to_string()),
    }
}
