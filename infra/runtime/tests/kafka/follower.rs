//! A worker as a projector is one: follows what it is granted, finishes a batch before it lets go, and
//! begins anew from its checkpoint after every failure.

use std::sync::Arc;

use orderlog_log::event_store::EventStore;
use orderlog_runtime::{
    kafka::{KafkaFanOut, Topic},
    source::{FanOut, Grant, SourceError},
};
use tokio::{sync::watch, task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{ledger::Ledger, services::LONG};

pub(crate) struct Follower {
    leave: CancellationToken,
    /// How many partitions were granted to it so far.
    granted: watch::Receiver<usize>,
    running: tokio::task::JoinHandle<()>,
}

impl Follower {
    pub(crate) async fn join(
        topic: &Topic,
        group: &str,
        log: Arc<dyn EventStore>,
        ledger: &Arc<Ledger>,
    ) -> Self {
        let fan_out = KafkaFanOut::join(topic.clone(), group, log)
            .await
            .expect("a fan-out");
        let leave = CancellationToken::new();
        let (tell, granted) = watch::channel(0);
        let running = tokio::spawn(run(fan_out, Arc::clone(ledger), leave.clone(), tell));
        Self {
            leave,
            granted,
            running,
        }
    }

    pub(crate) async fn is_granted(&mut self, partitions: usize) {
        let granted = self.granted.wait_for(|granted| *granted >= partitions);
        timeout(LONG, granted)
            .await
            .expect("in time")
            .expect("it runs");
    }

    /// Finishes what is under way and leaves the group.
    pub(crate) async fn leave(self) {
        self.leave.cancel();
        timeout(LONG, self.running)
            .await
            .expect("in time")
            .expect("no panic");
    }

    /// Ends it in the middle of whatever it does.
    pub(crate) fn kill(self) {
        self.running.abort();
    }
}

async fn run(
    mut fan_out: KafkaFanOut,
    ledger: Arc<Ledger>,
    leave: CancellationToken,
    granted: watch::Sender<usize>,
) {
    let mut following = JoinSet::new();
    loop {
        tokio::select! {
            () = leave.cancelled() => break,
            Some(followed) = following.join_next() => followed.expect("no panic"),
            grant = fan_out.granted() => match grant {
                Ok(grant) => {
                    granted.send_modify(|granted| *granted += 1);
                    following.spawn(follow(grant, Arc::clone(&ledger), leave.clone()));
                }
                Err(error) => assert!(error.is_retryable(), "{error}"),
            },
        }
    }
    while let Some(followed) = following.join_next().await {
        followed.expect("no panic");
    }
}

async fn follow(grant: Grant, ledger: Arc<Ledger>, leave: CancellationToken) {
    let let_go = async {
        tokio::select! {
            () = grant.revoked.cancelled() => {}
            () = leave.cancelled() => {}
        }
    };
    tokio::pin!(let_go);
    loop {
        tokio::select! {
            () = &mut let_go => return,
            ended = hand_over(&grant, &ledger) => assert!(ended.is_retryable(), "{ended}"),
        }
    }
}

/// Moves events into the ledger until something fails.
async fn hand_over(grant: &Grant, ledger: &Ledger) -> SourceError {
    'anew: loop {
        let mut at = ledger.at(grant.partition);
        let mut source = match grant.source(at).await {
            Ok(source) => source,
            Err(error) => return error,
        };
        loop {
            let batch = match source.next().await {
                Ok(batch) => batch,
                Err(error) => return error,
            };
            assert_eq!(batch.partition, grant.partition);
            if !ledger.commit(at.checkpoint, &batch) {
                continue 'anew;
            }
            at = batch.end();
        }
    }
}
