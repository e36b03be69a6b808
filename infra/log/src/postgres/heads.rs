//! How far the log reaches, whoever wrote it. Fed by this process's own appends, by notifications
//! of the others, and by a look at the log every now and then, in case one of those got lost. It
//! never goes back, and is told only what is committed.
//!
//! Notifications are sent after the commit, on a connection of their own, one for all appends of a
//! few milliseconds. They only wake up: what they say is looked up.

use std::{sync::Arc, time::Duration};

use sqlx::postgres::PgListener;
use tokio::{sync::watch, task::AbortHandle, time};

use super::{
    connect::{Database, Purpose},
    reads::PgLogReader,
};
use crate::event::Position;

const CHANNEL: &str = "orderlog_head";
/// Between two notifications.
const GAP: Duration = Duration::from_millis(5);

/// The end of the log, as far as it is known here.
#[derive(Clone)]
pub(super) struct Heads(Arc<Told>);

struct Told {
    known: Arc<watch::Sender<Position>>,
    /// What was appended here, for others to be told.
    ours: watch::Sender<Position>,
    tasks: [AbortHandle; 3],
}

impl Heads {
    /// Begins at `position`, and keeps up until the last clone is dropped.
    pub(super) fn start(database: &Database, reads: PgLogReader, position: Position) -> Self {
        let known = Arc::new(watch::Sender::new(position));
        let ours = watch::Sender::new(position);
        let tasks = [
            tokio::spawn(tell(database.clone(), ours.subscribe())).abort_handle(),
            tokio::spawn(listen(database.clone(), reads.clone(), Arc::clone(&known)))
                .abort_handle(),
            tokio::spawn(poll(database.options.poll, reads, Arc::clone(&known))).abort_handle(),
        ];
        Self(Arc::new(Told { known, ours, tasks }))
    }

    pub(super) fn watch(&self) -> watch::Receiver<Position> {
        self.0.known.subscribe()
    }

    /// This process's append reached `position`, durably.
    pub(super) fn appended(&self, position: Position) {
        advance(&self.0.known, position);
        advance(&self.0.ours, position);
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

fn advance(to: &watch::Sender<Position>, position: Position) {
    to.send_if_modified(|known| {
        let further = position > *known;
        *known = position.max(*known);
        further
    });
}

/// Tells the other processes of what this one appends. Best effort: they look for themselves, too.
async fn tell(database: Database, mut ours: watch::Receiver<Position>) {
    let pool = database.pool(Purpose::Tell, 1);
    while ours.changed().await.is_ok() {
        let position = *ours.borrow_and_update();
        let told = sqlx::query("SELECT pg_notify($1, $2)")
            .bind(CHANNEL)
            .bind(position.to_string())
            .execute(&pool)
            .await;
        if let Err(error) = told {
            tracing::debug!(%error, "other processes are not told of news");
        }
        time::sleep(GAP).await;
    }
}

async fn listen(database: Database, reads: PgLogReader, known: Arc<watch::Sender<Position>>) {
    let pool = database.pool(Purpose::Tell, 1);
    loop {
        if let Err(error) = hear(&pool, &reads, &known).await {
            tracing::debug!(%error, "no notifications of news; looking for them every now and then");
        }
        time::sleep(database.options.poll).await;
    }
}

async fn hear(
    pool: &sqlx::PgPool,
    reads: &PgLogReader,
    known: &watch::Sender<Position>,
) -> sqlx::Result<()> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    loop {
        let told = listener.recv().await?.payload().parse();
        // Mostly it is this process's own news.
        if !matches!(told, Ok(position) if *known.borrow() >= position) {
            look(reads, known).await;
        }
    }
}

async fn poll(every: Duration, reads: PgLogReader, known: Arc<watch::Sender<Position>>) {
    loop {
        time::sleep(every).await;
        look(&reads, &known).await;
    }
}

async fn look(reads: &PgLogReader, known: &watch::Sender<Position>) {
    match reads.position().await {
        Ok(position) => advance(known, position),
        Err(error) => tracing::debug!(%error, "the log can't be asked for news"),
    }
}
