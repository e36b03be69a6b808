//! One writer for all partitions that this process follows. A transaction costs much and a row in it
//! little, so what comes in while one is written goes together into the next. A request that is
//! given up by its caller may be written all the same: each is fenced by its checkpoint.

use std::time::Duration;

use tokio::{
    sync::{
        mpsc::{self, UnboundedReceiver, UnboundedSender},
        oneshot,
    },
    time::{Instant, sleep_until},
};

/// Requests in one transaction, at most.
const AT_ONCE: usize = 64;
/// How soon after one transaction the next may begin. Those who waited for it go on with what came in
/// meanwhile: where the next began with the first of them, the others would wait for all of it.
const GAP: Duration = Duration::from_millis(1);

/// The way to the writer, which ends with it.
pub(super) struct Gathering<R, E> {
    sender: UnboundedSender<Waiting<R, E>>,
}

/// A request whose caller waits.
struct Waiting<R, E> {
    request: R,
    reply: oneshot::Sender<Result<(), E>>,
}

impl<R: Send + 'static, E: Send + 'static> Gathering<R, E> {
    /// Starts the writer on the current Tokio runtime. `write` answers each request of a group; two
    /// that `clash` are never in one. A group begins no sooner than `pace` after the one before it: a
    /// request that comes alone is written at once, and many share a transaction.
    pub(super) fn start<F>(
        pace: Duration,
        clash: fn(&R, &R) -> bool,
        write: impl Fn(Vec<R>) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = Vec<Result<(), E>>> + Send,
    {
        let (sender, mut waiting) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut next = None;
            let mut earliest = Instant::now();
            while let Some(group) = gather(&mut waiting, &mut next, earliest, clash).await {
                earliest = Instant::now() + pace;
                let group = group.into_iter().map(|it| (it.request, it.reply));
                let (requests, replies): (Vec<_>, Vec<_>) = group.unzip();
                let outcomes = write(requests).await;
                earliest = earliest.max(Instant::now() + GAP);
                for (reply, outcome) in replies.into_iter().zip(outcomes) {
                    // Nobody listens where the caller gave up waiting.
                    let _ = reply.send(outcome);
                }
            }
        });
        Self { sender }
    }

    /// Has the request written; `None` where the writer has ended with its runtime.
    pub(super) async fn write(&self, request: R) -> Option<Result<(), E>> {
        let (reply, answer) = oneshot::channel();
        self.sender.send(Waiting { request, reply }).ok()?;
        answer.await.ok()
    }
}

/// What waits, from the first that has to be waited for; what may not go with it is put into `next`.
async fn gather<R, E>(
    waiting: &mut UnboundedReceiver<Waiting<R, E>>,
    next: &mut Option<Waiting<R, E>>,
    earliest: Instant,
    clash: fn(&R, &R) -> bool,
) -> Option<Vec<Waiting<R, E>>> {
    let first = match next.take() {
        Some(first) => first,
        None => waiting.recv().await?,
    };
    sleep_until(earliest).await;
    let mut group = vec![first];
    while group.len() < AT_ONCE
        && let Ok(other) = waiting.try_recv()
    {
        if group.iter().any(|one| clash(&one.request, &other.request)) {
            *next = Some(other);
            break;
        }
        group.push(other);
    }
    Some(group)
}
