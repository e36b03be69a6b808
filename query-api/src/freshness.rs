//! Reading one's own writes. A request may carry the token that a command answered; each read in it
//! first waits until the rows that it reads, and only those, have passed that point. All waits of a
//! request share one deadline, and a read that is still behind then says so.

use std::{sync::Arc, time::Duration};

use async_graphql::Context;
use orderlog_runtime::{
    read_model::ReadModel,
    read_store::{ReadError, ReadStore},
};
use orderlog_web::consistency::{ConsistencyToken, InvalidToken};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::failure::unread;

/// How long a request waits unless it says otherwise.
const WAIT: Duration = Duration::from_secs(2);
/// How long a request may ask to wait.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The point that all reads of a request must have passed.
#[derive(Clone)]
pub(crate) struct Wanted {
    token: ConsistencyToken,
    wait: Wait,
}

#[derive(Clone, Copy)]
enum Wait {
    /// Of one request, which began already.
    Until(Instant),
    /// Of a connection: each read anew.
    For(Duration),
}

impl Wanted {
    /// What the headers `Consistency-Token` and `Prefer` of one request say.
    pub(crate) fn by_request(token: &str, prefer: &str) -> Result<Self, InvalidToken> {
        let wait = Wait::Until(Instant::now() + wait(prefer));
        Ok(Self {
            token: ConsistencyToken::decode(token)?,
            wait,
        })
    }

    /// What the token of a connection says.
    pub(crate) fn by_connection(token: &str) -> Result<Self, InvalidToken> {
        Ok(Self {
            token: ConsistencyToken::decode(token)?,
            wait: Wait::For(WAIT),
        })
    }

    /// Waits until these rows have passed the point.
    pub(crate) async fn reached<R: DeserializeOwned>(
        &self,
        rows: &ReadModel<R>,
    ) -> Result<(), ReadError> {
        let (position, key) = (self.token.position, &self.token.partition_key);
        rows.wait_for(position, key, self.left()).await
    }

    fn left(&self) -> Duration {
        match self.wait {
            Wait::Until(deadline) => deadline.saturating_duration_since(Instant::now()),
            Wait::For(time) => time,
        }
    }
}

/// The rows that `of` names, once they have passed what the request wants of them.
pub(crate) async fn fresh<R: DeserializeOwned>(
    context: &Context<'_>,
    of: fn(Arc<dyn ReadStore>) -> ReadModel<R>,
) -> async_graphql::Result<ReadModel<R>> {
    let rows = of(Arc::clone(context.data::<Arc<dyn ReadStore>>()?));
    if let Some(wanted) = context.data_opt::<Wanted>() {
        wanted.reached(&rows).await.map_err(unread)?;
    }
    Ok(rows)
}

/// What `Prefer: wait=SECONDS` asks for, bounded.
fn wait(prefer: &str) -> Duration {
    prefer
        .split([',', ';'])
        .filter_map(|preference| preference.trim().strip_prefix("wait="))
        .find_map(|seconds| seconds.trim().parse().ok())
        .map_or(WAIT, |seconds| {
            Duration::from_secs(seconds).min(LONGEST_WAIT)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_how_long_it_waits_within_bounds() {
        for (prefer, seconds) in [
            ("", 2),
            ("wait=0", 0),
            ("wait=5", 5),
            ("respond-async, wait=3", 3),
            ("wait=600", 10),
            ("wait=-1", 2),
            ("wait=soon", 2),
        ] {
            assert_eq!(wait(prefer), Duration::from_secs(seconds), "{prefer}");
        }
    }
}
