//! Publishing, while the lease is held: events are read ahead, sent in order, and counted once all
//! before them are acknowledged. The log is read no faster than Kafka takes it. A producer that fails ends
//! it; the next one sends again what was not acknowledged.

use std::{sync::Arc, time::Duration};

use orderlog_log::event_store::EventStore;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep_until, timeout},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use uuid::Uuid;

use super::{
    RelayError, Standing,
    producer::{Producer, Reports, failed},
    window::{Progress, Window},
};
use crate::{
    kafka::{record, topic::Topic},
    source::{Batch, Checkpoint, EventSource, LogTail, SourceError, partition_of},
};

/// Events read from the log at once.
const PAGE: usize = 1000;
/// How soon after a page that was not full the next is read: fewer and larger messages cost the database,
/// the brokers and their readers far less than many small ones.
const PACE: Duration = Duration::from_millis(5);
/// Pages that are read ahead.
const AHEAD: usize = 2;
/// Events that may be under way when a further page is sent.
const IN_FLIGHT: usize = 20_000;
/// How long a relay that is to end waits for what is under way.
const FAREWELL: Duration = Duration::from_secs(5);

/// What the leader publishes, and whom it tells.
pub(super) struct Publication<'a> {
    pub(super) log: &'a Arc<dyn EventStore>,
    pub(super) topic: &'a Topic,
    pub(super) log_id: Uuid,
    pub(super) progress: watch::Sender<Progress>,
    pub(super) standing: &'a watch::Sender<Standing>,
}

impl Publication<'_> {
    /// Publishes until `cancel`, then waits, within bounds, for what is under way.
    pub(super) async fn run(&self, cancel: &CancellationToken) -> Result<(), RelayError> {
        let reports = Arc::new(Reports::default());
        let source = record::source(self.log_id);
        let producer = Producer::new(self.topic, source, &reports)?;
        let mut window = Window::new(self.progress.borrow().clone());
        let mut pages = self.read_ahead();
        let mut head = self.log.watch_head();
        loop {
            let room = window.len() < IN_FLIGHT;
            tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                () = reports.news.notified() => self.settle(&mut window, &reports)?,
                Ok(()) = head.changed() => self.tell(),
                page = pages.pages.recv(), if room => {
                    let page = page.ok_or_else(closed)??;
                    self.send(page, &producer, &mut window, &reports).await?;
                }
            }
        }
        let rest = async {
            while window.len() > 0 {
                reports.news.notified().await;
                self.settle(&mut window, &reports)?;
            }
            Ok(())
        };
        timeout(FAREWELL, rest).await.unwrap_or(Ok(()))
    }

    /// Sends a page; where the client has no room, waits until something is delivered.
    async fn send(
        &self,
        page: Batch,
        producer: &Producer,
        window: &mut Window,
        reports: &Reports,
    ) -> Result<(), RelayError> {
        for event in &page.events {
            let partition = partition_of(&event.partition_key, self.topic.partitions);
            while !producer.send(event, partition, window.previous(partition))? {
                reports.news.notified().await;
                self.settle(window, reports)?;
            }
            window.sent(event, partition);
        }
        Ok(())
    }

    /// Takes the reports in and tells how far they lead.
    fn settle(&self, window: &mut Window, reports: &Reports) -> Result<(), RelayError> {
        let mut outcome = Ok(());
        for report in reports.take() {
            match report.delivered {
                Ok(offset) => window.acknowledge(report.position, offset),
                Err(detail) => outcome = Err(failed(&detail)),
            }
        }
        let settled = window.settle();
        self.progress.send_if_modified(|progress| {
            let moved = progress.position < settled.position;
            if moved {
                progress.clone_from(settled);
            }
            moved
        });
        self.tell();
        outcome
    }

    fn tell(&self) {
        let position = self.progress.borrow().position;
        let head = *self.log.watch_head().borrow();
        self.standing.send_if_modified(|standing| {
            let told = Standing {
                leads: true,
                position,
                head: head.max(position),
            };
            let news = *standing != told;
            *standing = told;
            news
        });
    }

    fn read_ahead(&self) -> ReadAhead {
        let progress = self.progress.borrow();
        let from = Checkpoint {
            log_id: self.log_id,
            position: progress.position,
            event_id: progress.event_id,
        };
        let (sender, pages) = mpsc::channel(AHEAD);
        let reading = tokio::spawn(read(Arc::clone(self.log), from, sender));
        ReadAhead {
            pages,
            _reading: AbortOnDropHandle::new(reading),
        }
    }
}

/// Pages of the log, read ahead by a task that ends with this.
struct ReadAhead {
    pages: mpsc::Receiver<Result<Batch, SourceError>>,
    _reading: AbortOnDropHandle<()>,
}

async fn read(
    log: Arc<dyn EventStore>,
    from: Checkpoint,
    pages: mpsc::Sender<Result<Batch, SourceError>>,
) {
    let mut tail = match LogTail::start(log, from, PAGE).await {
        Ok(tail) => tail,
        Err(error) => return drop(pages.send(Err(error)).await),
    };
    loop {
        let page = tail.next().await;
        let next = Instant::now() + PACE;
        let (failed, full) = match &page {
            Ok(batch) => (false, batch.events.len() >= PAGE),
            Err(_) => (true, false),
        };
        if pages.send(page).await.is_err() || failed {
            return;
        }
        if !full {
            sleep_until(next).await;
        }
    }
}

fn closed() -> RelayError {
    RelayError::Source(SourceError::Unavailable {
        detail: "the reader of the log ended".to_owned(),
    })
}
