//! Keys that follow one another, and keys of others.

use orderlog_log::seal::{Flaw, KeyFile, PublicKey, verify::Asked};

use super::{Ground, all};

pub(crate) async fn a_new_key_is_introduced_by_the_old_one(ground: Ground) {
    ground.sealed().await;
    let old = KeyFile::open(&ground.key()).expect("a key").public()[0];
    let new = KeyFile::rotate(&ground.key()).expect("rotated");
    ground.seal(ground.settings()).await;
    ground.append(30..=45).await;
    ground.seal(ground.settings()).await;
    let seals = ground.seals.seals(3, 10).await.expect("read");
    let keys = seals.iter().map(|it| (it.body.key, it.body.introduces));
    assert!(keys.eq([(old, Some(new)), (new, None), (new, None)]));
    for trusted in [vec![], vec![old], vec![new]] {
        let report = ground.verify(&Asked { trusted, ..all() }).await;
        assert_eq!(report.finding, None);
        assert_eq!(report.keys, [old, new]);
    }
    let introductions = ground.seals.introductions().await.expect("read");
    assert_eq!(introductions, seals[..1]);
}

/// Somebody who can write everything, but has not got the key, seals what he changed with his own.
pub(crate) async fn a_log_that_was_sealed_anew_is_told_by_the_key(ground: Ground) {
    ground.sealed().await;
    let ours = KeyFile::open(&ground.key()).expect("a key").public();
    ground.hands.unlock().await;
    ground.hands.run("DELETE FROM seals").await;
    ground
        .hands
        .run("UPDATE events SET actor = 'somebody' WHERE position = 15")
        .await;
    let mut settings = ground.settings();
    settings.key = ground.directory.path().join("other.key");
    KeyFile::open_or_create(&settings.key).expect("a key");
    let key: PublicKey = KeyFile::open(&settings.key).expect("a key").public()[0];
    ground.seal(settings).await;
    assert_eq!(ground.finding().await, None, "its own key shows nothing");
    let asked = Asked {
        trusted: ours,
        ..all()
    };
    let finding = ground.verify(&asked).await.finding;
    let finding = finding.map(|it| (it.position, it.flaw));
    assert_eq!(finding, Some((1, Flaw::NotTrusted { key })));
}
