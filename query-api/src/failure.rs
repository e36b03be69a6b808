//! What a reader is told when there is no answer: a message, and a stable `extensions.code`. What
//! went wrong inside is logged and never told. Something that does not exist is no failure: it is
//! `null`.

use async_graphql::{Error, ErrorExtensions};
use orderlog_domain::fact::FactError;
use orderlog_log::event_store::StoreError;
use orderlog_projections::order_timeline::TimelineError;
use orderlog_runtime::read_store::{BehindReason, ReadError};

/// The query, or one of its arguments, is not what it should be.
pub(crate) const BAD_USER_INPUT: &str = "BAD_USER_INPUT";
/// The query asks for more than is allowed.
pub(crate) const QUERY_TOO_COMPLEX: &str = "QUERY_TOO_COMPLEX";
/// The rows have not reached the consistency token in time.
pub(crate) const PROJECTION_BEHIND: &str = "PROJECTION_BEHIND";
/// Something went wrong here; the log says what.
pub(crate) const INTERNAL: &str = "INTERNAL";

/// An argument that cannot be taken.
pub(crate) fn bad_input(message: impl Into<String>) -> Error {
    Error::new(message).extend_with(|_, extensions| extensions.set("code", BAD_USER_INPUT))
}

/// Why a read gave no answer, for the reader.
pub(crate) fn unread(error: ReadError) -> Error {
    match &error {
        ReadError::Behind {
            projection,
            at,
            wanted,
            reason,
        } => Error::new(error.to_string()).extend_with(|_, extensions| {
            extensions.set("code", PROJECTION_BEHIND);
            extensions.set("projection", projection.as_str());
            extensions.set("at", *at);
            extensions.set("wanted", *wanted);
            extensions.set("reason", behind(*reason));
        }),
        ReadError::Damaged { .. } | ReadError::Unavailable { .. } => internal(&error),
    }
}

/// Why a timeline can't be told, for the reader.
pub(crate) fn untold(error: TimelineError) -> Error {
    match error {
        TimelineError::Rows(error) => unread(error),
        TimelineError::ForeignCursor => bad_input(format!("after: {error}")),
        TimelineError::Log(_) | TimelineError::Undecoded { .. } | TimelineError::Lost(_) => {
            internal(&error)
        }
    }
}

/// Why the log gave no answer, for the reader.
pub(crate) fn lost(error: StoreError) -> Error {
    internal(&error)
}

/// Why an event of the log can't be told of.
pub(crate) fn undecoded(error: FactError) -> Error {
    internal(&error)
}

fn internal(error: &dyn std::error::Error) -> Error {
    tracing::error!(%error, "a query could not be answered");
    Error::new("something went wrong here")
        .extend_with(|_, extensions| extensions.set("code", INTERNAL))
}

fn behind(reason: BehindReason) -> &'static str {
    match reason {
        BehindReason::Lag => "LAG",
        BehindReason::Rebuild => "REBUILD",
        BehindReason::Parked => "PARKED",
        BehindReason::NotRunning => "NOT_RUNNING",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_inside_is_not_told() {
        let (projection, detail) = ("sagas".to_owned(), "no such table".to_owned());
        let unavailable = ReadError::Unavailable {
            detail: detail.clone(),
        };
        for error in [ReadError::Damaged { projection, detail }, unavailable] {
            let told = serde_json::to_string(&unread(error).into_server_error(Default::default()));
            let told = told.expect("an error has JSON");
            assert!(told.contains(INTERNAL) && !told.contains("table"), "{told}");
        }
    }
}
