//! Logging: the process's only subscriber. Lines for people on a terminal, JSON elsewhere; on
//! stderr, because stdout belongs to a command's output.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::{EnvFilter, filter::ParseError};

/// The variable that says what is logged, such as `debug` or `info,orderlog_log=trace`.
pub const VARIABLE: &str = "ORDERLOG_LOG";

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The variable is no filter.
    #[error("{VARIABLE}={text:?} is not a log filter: {source}")]
    Filter {
        /// What it says.
        text: String,
        /// What is wrong with it.
        source: ParseError,
    },
    /// Something else logs already.
    #[error("logging is already set up")]
    Twice,
}

/// Sets up logging with the filter in [`VARIABLE`], or `info`.
pub fn init() -> Result<(), TelemetryError> {
    let text = std::env::var(VARIABLE)
        .ok()
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| "info".to_owned());
    let lines = tracing_subscriber::fmt()
        .with_writer(stderr)
        .with_env_filter(filter(&text)?);
    let set = if stderr().is_terminal() {
        lines.with_target(false).try_init()
    } else {
        lines
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .try_init()
    };
    set.map_err(|_| TelemetryError::Twice)
}

fn filter(text: &str) -> Result<EnvFilter, TelemetryError> {
    EnvFilter::try_new(text).map_err(|source| TelemetryError::Filter {
        text: text.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_is_none_is_refused_with_the_variable() {
        assert!(filter("info,orderlog_log=trace").is_ok());
        let error = filter("orderlog=loud").expect_err("there is no such level");
        assert!(
            error
                .to_string()
                .starts_with("ORDERLOG_LOG=\"orderlog=loud\""),
            "{error}"
        );
    }
}
