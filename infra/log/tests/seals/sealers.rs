//! Sealers at work: beside appends, beside each other, and after they were killed.

use std::{future::pending, time::Duration};

use orderlog_log::seal::{KeyFile, SealError, SealSettings};
use tokio::{task::JoinSet, time::timeout};

use super::{EVERY, Ground, SEALED, all};

/// Waits until this position is sealed.
async fn until_sealed(ground: &Ground, position: u64) {
    let sealed = async {
        loop {
            let last = ground.seals.last_seal().await.expect("read");
            if last.is_some_and(|seal| seal.body.last >= position) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(60), sealed)
        .await
        .expect("it takes a minute");
}

pub(crate) async fn a_sealer_follows_the_log(ground: Ground) {
    KeyFile::open_or_create(&ground.key()).expect("a key");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let sealer = ground.sealer(ground.settings());
    let sealing = tokio::spawn(sealer.run(async { drop(stopped.await) }));
    ground.append(1..=SEALED).await;
    until_sealed(&ground, 2 * EVERY).await;
    let last = ground
        .seals
        .last_seal()
        .await
        .expect("read")
        .expect("a seal");
    assert_eq!(last.body.last, 2 * EVERY, "the rest is not due");
    stop.send(()).expect("it runs");
    sealing.await.expect("it ends").expect("it ends well");
    until_sealed(&ground, SEALED).await;
    assert_eq!(ground.finding().await, None);
}

pub(crate) async fn a_seal_is_made_in_time(ground: Ground) {
    KeyFile::open_or_create(&ground.key()).expect("a key");
    let settings = SealSettings {
        interval: Duration::from_millis(20),
        every: 1000,
        ..ground.settings()
    };
    let sealing = tokio::spawn(ground.sealer(settings).run(pending()));
    ground.append(1..=3).await;
    until_sealed(&ground, 3).await;
    sealing.abort();
}

pub(crate) async fn two_sealers_make_one_chain(ground: Ground) {
    KeyFile::open_or_create(&ground.key()).expect("a key");
    let mut sealing = JoinSet::new();
    for _ in 0..2 {
        let settings = SealSettings {
            every: 3,
            interval: Duration::from_millis(1),
            ..ground.anchored()
        };
        sealing.spawn(ground.sealer(settings).run(pending()));
    }
    ground.append(1..=60).await;
    until_sealed(&ground, 60).await;
    sealing.abort_all();
    while sealing.join_next().await.is_some() {}
    // Killed in the middle, each may have left the anchor behind.
    ground
        .sealer(ground.anchored())
        .seal_now()
        .await
        .expect("told");
    let report = ground.verify(&all()).await;
    assert_eq!((report.finding, report.sealed), (None, 60));
    assert_eq!(ground.finding_by_anchor().await, None);
    let anchored = ground.anchor().read().expect("an anchor");
    assert_eq!(anchored.len() as u64, report.seals);
}

pub(crate) async fn a_zombie_adds_nothing(ground: Ground) {
    ground.sealed().await;
    let stale = ground
        .seals
        .last_seal()
        .await
        .expect("read")
        .expect("a seal");
    ground.seal(ground.settings()).await;
    let mut late = stale.body.clone();
    (late.number, late.first, late.last) = (4, 26, 27);
    let key = ed25519_dalek::SigningKey::from_bytes(&[1; 32]);
    assert!(
        !ground
            .seals
            .add(&late.signed_by(&key), &[])
            .await
            .expect("answered")
    );
    assert_eq!(ground.finding().await, None);
}

pub(crate) async fn a_killed_sealer_goes_on(ground: Ground) {
    KeyFile::open_or_create(&ground.key()).expect("a key");
    ground.append(1..=SEALED).await;
    let settings = || SealSettings {
        every: 2,
        ..ground.anchored()
    };
    // Dropped after ever more steps: before it has read, while it reads, before and after the seal is
    // added, before the anchor is told.
    for polls in 0..40 {
        let mut sealer = ground.sealer(settings());
        let mut sealing = std::pin::pin!(sealer.seal_now());
        for _ in 0..polls {
            if futures::poll!(&mut sealing).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    ground.seal(settings()).await;
    let report = ground.verify(&all()).await;
    assert_eq!((report.finding, report.sealed), (None, SEALED));
    assert_eq!(ground.finding_by_anchor().await, None);
    assert_eq!(
        ground.anchor().read().expect("an anchor").len() as u64,
        report.seals
    );
}

pub(crate) async fn a_log_that_lost_its_end_is_not_sealed(ground: Ground) {
    ground.sealed().await;
    ground
        .hands
        .run("DELETE FROM events WHERE position > 20")
        .await;
    let refused = ground.sealer(ground.settings()).seal_now().await;
    let expected = matches!(
        refused,
        Err(SealError::RolledBack {
            seal: 3,
            sealed: SEALED,
            head: 20
        })
    );
    assert!(expected, "{refused:?}");
    let ended = ground.sealer(ground.settings()).run(pending()).await;
    assert!(ended.is_err_and(|error| error.is_evidence()));
}
