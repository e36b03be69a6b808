//! Questions of many, answered by one statement: what comes in while the server works on others goes
//! together into the next. A question that finds nothing under way is put at once. Next: `reads`.

use std::sync::Arc;

use tokio::sync::{
    Mutex,
    mpsc::{self, UnboundedReceiver, UnboundedSender},
    oneshot,
};

use crate::event_store::StoreError;

/// Statements under way at the same time.
const LANES: usize = 2;
/// Questions in one statement, at most.
const AT_ONCE: usize = 32;

/// The way to those who ask the server; they end with its last clone.
pub(super) struct Asking<Q, A>(UnboundedSender<Asked<Q, A>>);

/// A question whose asker waits.
struct Asked<Q, A> {
    question: Q,
    reply: oneshot::Sender<Result<A, StoreError>>,
}

impl<Q, A> Clone for Asking<Q, A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<Q: Send + 'static, A: Send + 'static> Asking<Q, A> {
    /// Starts on the current Tokio runtime. `answer` has one answer for each question, in their order.
    pub(super) fn start<F>(answer: impl Fn(Vec<Q>) -> F + Clone + Send + 'static) -> Self
    where
        F: Future<Output = Result<Vec<A>, StoreError>> + Send,
    {
        let (sender, waiting) = mpsc::unbounded_channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..LANES {
            let (waiting, answer) = (Arc::clone(&waiting), answer.clone());
            tokio::spawn(async move {
                while let Some(group) = gather(&waiting).await {
                    let group = group.into_iter().map(|it| (it.question, it.reply));
                    let (questions, replies): (Vec<_>, Vec<_>) = group.unzip();
                    tell(replies, answer(questions).await);
                }
            });
        }
        Self(sender)
    }

    /// Asks, and waits for the answer.
    pub(super) async fn ask(&self, question: Q) -> Result<A, StoreError> {
        let gone = || StoreError::Unavailable {
            detail: "the log's readers have stopped".to_owned(),
        };
        let (reply, answer) = oneshot::channel();
        let sent = self.0.send(Asked { question, reply });
        sent.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

/// What waits, from the first that has to be waited for.
async fn gather<Q, A>(waiting: &Mutex<UnboundedReceiver<Asked<Q, A>>>) -> Option<Vec<Asked<Q, A>>> {
    let mut waiting = waiting.lock().await;
    let mut group = vec![waiting.recv().await?];
    while group.len() < AT_ONCE
        && let Ok(other) = waiting.try_recv()
    {
        group.push(other);
    }
    Some(group)
}

/// Nobody listens where the asker gave up waiting.
fn tell<A>(replies: Vec<oneshot::Sender<Result<A, StoreError>>>, told: Result<Vec<A>, StoreError>) {
    match told {
        Ok(answers) => {
            for (reply, answer) in replies.into_iter().zip(answers) {
                let _ = reply.send(Ok(answer));
            }
        }
        Err(error) => {
            for reply in replies {
                let _ = reply.send(Err(error.clone()));
            }
        }
    }
}
