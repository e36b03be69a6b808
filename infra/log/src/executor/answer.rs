//! Answers out of what the log recorded: just now, or when the command was sent first.

use super::{
    Decides, ExecuteError, Executed,
    lane::{Answer, Waiting},
};
use crate::event_store::{CommandRecord, StoreError, Verdict};

/// The answer to what was recorded just now.
pub(super) fn first_answer<E: std::error::Error>(
    record: CommandRecord,
    refusal: Option<E>,
) -> Result<Executed, ExecuteError<E>> {
    match refusal {
        Some(refusal) => Err(ExecuteError::Refused {
            refusal,
            version: record.version,
            repeated: false,
        }),
        None => Ok(executed(record, false)),
    }
}

/// The answer that the log kept.
pub(super) fn recorded_answer<E>(
    record: CommandRecord,
    repeated: bool,
) -> Result<Executed, ExecuteError<E>>
where
    E: std::error::Error + serde::de::DeserializeOwned,
{
    let Verdict::Refused { code, refusal } = &record.verdict else {
        return Ok(executed(record, repeated));
    };
    let refusal = serde_json::from_str(refusal).map_err(|error| StoreError::Corrupt {
        detail: format!(
            "command {}: no valid {code}: {error}",
            record.command.command_id
        ),
    })?;
    Err(ExecuteError::Refused {
        refusal,
        version: record.version,
        repeated,
    })
}

/// Answers a command that the log knows already.
pub(super) fn answer_repeat<A: Decides>(waiting: Waiting<A>, first: CommandRecord) {
    let repeated = !waiting.perhaps_written;
    let answer: Answer<A> = if first.command.fingerprint == waiting.fingerprint {
        recorded_answer(first, repeated)
    } else {
        Err(ExecuteError::IdReused(first.command.command_id))
    };
    waiting.answer(answer);
}

fn executed(record: CommandRecord, repeated: bool) -> Executed {
    Executed {
        stream: record.command.stream,
        version: record.version,
        position: record.position,
        partition_key: record.partition_key,
        repeated,
    }
}
