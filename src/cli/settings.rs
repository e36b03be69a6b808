//! Settings from a file: `--config FILE` names a TOML file whose keys are the names of flags. What the
//! command line or the environment says wins. A key that no command knows is refused, so that nothing
//! is left out by a slip of the pen. Values from the file are not shown by `--help`: they may be secret.

use std::{ffi::OsString, fs, path::PathBuf};

use clap::{Arg, Command, builder::OsStr};
use toml::{Table, Value};

use super::Failure;

/// `command` with what the file says as its defaults; as it is where no file is named.
pub(super) fn with_file(command: Command, arguments: &[OsString]) -> Result<Command, Failure> {
    let Some(path) = named(arguments) else {
        return Ok(command);
    };
    let place = path.display();
    let text = fs::read_to_string(&path)
        .map_err(|error| Failure::usage(format!("cannot read {place}: {error}")))?;
    let settings: Table = text.parse().map_err(|error: toml::de::Error| {
        Failure::usage(format!("{place}: {}", error.message()))
    })?;
    applied(command, &settings).map_err(|what| Failure::usage(format!("{place}: {what}")))
}

/// The file that the command line names, else the environment.
fn named(arguments: &[OsString]) -> Option<PathBuf> {
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == "--config" {
            return arguments.next().map(PathBuf::from);
        }
        let inline = argument
            .to_str()
            .and_then(|it| it.strip_prefix("--config="));
        if let Some(path) = inline {
            return Some(PathBuf::from(path));
        }
    }
    let path = std::env::var_os("ORDERLOG_CONFIG")?;
    (!path.is_empty()).then(|| PathBuf::from(path))
}

/// Top-level keys go to every command that has such a flag, those of a table to the command of its
/// name alone.
fn applied(mut command: Command, settings: &Table) -> Result<Command, String> {
    let (tables, shared): (Vec<_>, Vec<_>) = settings
        .iter()
        .partition(|(_, value)| matches!(value, Value::Table(_)));
    for (key, value) in shared {
        let values = strings(key, value)?;
        if !knows(&command, key) {
            return Err(format!("no command has a flag --{key}"));
        }
        command = everywhere(command, key, &values);
    }
    for (name, table) in tables {
        let Value::Table(table) = table else { continue };
        for (key, value) in table {
            let values = strings(key, value)?;
            let sub = command.find_subcommand(name);
            let sub = sub.ok_or_else(|| format!("there is no command {name}"))?;
            if !knows(sub, key) {
                return Err(format!("the command {name} has no flag --{key}"));
            }
            command = command.mut_subcommand(name, |sub| everywhere(sub, key, &values));
        }
    }
    Ok(command)
}

fn knows(command: &Command, key: &str) -> bool {
    command
        .get_arguments()
        .any(|arg| arg.get_long() == Some(key))
        || command.get_subcommands().any(|sub| knows(sub, key))
}

/// The command, and all below it, with these values as the default of the flag `key`.
fn everywhere(command: Command, key: &str, values: &[String]) -> Command {
    command
        .mut_args(|arg| match arg.get_long() == Some(key) {
            true => defaulted(arg, values),
            false => arg,
        })
        .mut_subcommands(|sub| everywhere(sub, key, values))
}

fn defaulted(arg: Arg, values: &[String]) -> Arg {
    arg.required(false)
        .default_values(values.iter().map(OsStr::from))
        .hide_default_value(true)
}

/// A value as the command line would have it.
fn strings(key: &str, value: &Value) -> Result<Vec<String>, String> {
    match value {
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Integer(number) => Ok(vec![number.to_string()]),
        Value::Float(number) => Ok(vec![number.to_string()]),
        Value::Boolean(yes) => Ok(vec![yes.to_string()]),
        Value::Array(values) => {
            let each: Result<Vec<_>, _> = values.iter().map(|one| strings(key, one)).collect();
            Ok(each?.concat())
        }
        Value::Datetime(_) | Value::Table(_) => Err(format!("{key} is no text, number or list")),
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, FromArgMatches};

    use super::*;
    use crate::cli::Cli;

    fn parsed(file: &str, arguments: &[&str]) -> Result<String, String> {
        let settings: Table = file.parse().expect("TOML");
        let command = applied(Cli::command(), &settings)?;
        let matches = command
            .try_get_matches_from(arguments)
            .map_err(|error| error.to_string())?;
        let cli = Cli::from_arg_matches(&matches).map_err(|error| error.to_string())?;
        Ok(format!("{cli:?}"))
    }

    #[test]
    fn a_file_says_what_nobody_else_says() {
        let file = "listen = \"127.0.0.1:1\"\npartitions = 3\n[relay]\ntopic = \"mine\"\n\
                    kafka-property = [\"a=b\", \"c=d\"]";
        let relay = parsed(file, &["orderlog", "relay"]).expect("taken");
        for said in ["127.0.0.1:1", "partitions: 3", "\"mine\"", "\"c\""] {
            assert!(relay.contains(said), "{said} in {relay}");
        }
        let projector = parsed(file, &["orderlog", "projector"]).expect("taken");
        assert!(!projector.contains("\"mine\""), "{projector}");
        let told = parsed(file, &["orderlog", "relay", "--partitions", "5"]).expect("taken");
        assert!(told.contains("partitions: 5"), "{told}");
    }

    #[test]
    fn what_no_command_knows_is_refused() {
        for (file, says) in [
            ("lisen = \"x\"", "no command has a flag --lisen"),
            ("[relais]\nlisten = \"x\"", "there is no command relais"),
            (
                "[relay]\ndemo = true",
                "the command relay has no flag --demo",
            ),
            ("listen = 1979-05-27", "is no text"),
        ] {
            let refused = parsed(file, &["orderlog", "relay"]).expect_err("refused");
            assert!(refused.contains(says), "{refused}");
        }
    }

    #[test]
    fn help_does_not_show_what_the_file_says() {
        let file = "database = \"postgres://user:hush@host/shop\"";
        let help = parsed(file, &["orderlog", "relay", "--help"]).expect_err("help");
        assert!(
            help.contains("--database") && !help.contains("hush"),
            "{help}"
        );
    }
}
