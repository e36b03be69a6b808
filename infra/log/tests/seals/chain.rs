//! Seals that were tampered with.

use ed25519_dalek::SigningKey;
use orderlog_log::seal::{Flaw, PublicKey, Seal};

use super::Ground;

pub(crate) async fn each_word_of_a_seal_is_checked(ground: Ground) {
    ground.sealed().await;
    ground.hands.unlock().await;
    ground
        .hands
        .run("CREATE TABLE kept_seals AS SELECT * FROM seals")
        .await;
    let forged = Flaw::SealForged { seal: 2 };
    for change in [
        "first_position = 12",
        "last_position = 19",
        "root = previous",
        "previous = root",
        "key = root",
        "introduces = key",
        "signature = (SELECT signature FROM kept_seals WHERE number = 1)",
    ] {
        let sql = format!("UPDATE seals SET {change} WHERE number = 2");
        ground.hands.run(&sql).await;
        assert_eq!(
            ground.finding().await,
            Some((11, forged.clone())),
            "{change}"
        );
        ground
            .hands
            .run("DELETE FROM seals; INSERT INTO seals SELECT * FROM kept_seals;")
            .await;
        assert_eq!(ground.finding().await, None, "{change} is undone");
    }
}

pub(crate) async fn a_missing_seal_is_named(ground: Ground) {
    ground.sealed().await;
    ground.hands.unlock().await;
    ground.hands.run("DELETE FROM seals WHERE number = 2").await;
    assert_eq!(
        ground.finding().await,
        Some((11, Flaw::SealMissing { seal: 2 }))
    );
}

pub(crate) async fn seals_of_another_log_are_named(ground: Ground) {
    ground.sealed().await;
    ground.hands.unlock().await;
    ground
        .hands
        .run("UPDATE seals SET log_id = (SELECT event_id FROM events WHERE position = 1)")
        .await;
    let log_id = ground.events.read_all(0, 1).await.expect("read")[0].event_id;
    let flaw = Flaw::SealOfAnotherLog { seal: 1, log_id };
    assert_eq!(ground.finding().await, Some((1, flaw)));
}

/// Somebody who has the key signs seal 2 anew, for what the events say now.
pub(crate) async fn a_seal_that_was_made_anew_breaks_the_chain(ground: Ground) {
    ground.sealed().await;
    ground.hands.unlock().await;
    let third = seal(&ground, 3).await;
    ground.hands.run("DELETE FROM seals WHERE number > 1").await;
    ground
        .hands
        .run("UPDATE events SET actor = 'somebody' WHERE position = 15")
        .await;
    let digests = ground.seals.digests(21, 25).await.expect("read");
    let digests: Vec<_> = digests.iter().map(|it| it.digest).collect();
    ground
        .sealer(ground.settings())
        .seal_now()
        .await
        .expect("sealed");
    assert!(ground.seals.add(&third, &digests).await.expect("added"));
    assert_eq!(
        ground.finding().await,
        Some((11, Flaw::SealOutOfChain { seal: 3 }))
    );
}

pub(crate) async fn a_stranger_can_sign_nothing(ground: Ground) {
    ground.sealed().await;
    ground.hands.unlock().await;
    let stranger = SigningKey::from_bytes(&[3; 32]);
    let key = PublicKey::of(&stranger);
    let mut body = seal(&ground, 3).await.body;
    ground.hands.run("DELETE FROM seals WHERE number = 3").await;
    body.key = key;
    let digests = ground.seals.digests(21, 25).await.expect("read");
    let digests: Vec<_> = digests.iter().map(|it| it.digest).collect();
    let forged = body.signed_by(&stranger);
    assert!(ground.seals.add(&forged, &digests).await.expect("added"));
    assert_eq!(
        ground.finding().await,
        Some((21, Flaw::SealByStranger { seal: 3, key }))
    );
}

pub(crate) async fn changed_digests_are_told_from_changed_events(ground: Ground) {
    ground.sealed().await;
    ground.hands.unlock().await;
    let other =
        "UPDATE seals SET digests = (SELECT digests FROM seals WHERE number = 1) WHERE number = 2";
    ground.hands.run(other).await;
    assert_eq!(
        ground.finding().await,
        Some((11, Flaw::Digests { seal: 2 }))
    );
    ground
        .hands
        .run("UPDATE events SET actor = 'somebody' WHERE position = 15")
        .await;
    let somewhere = Flaw::Somewhere { seal: 2, last: 20 };
    assert_eq!(ground.finding().await, Some((11, somewhere)));
}

pub(crate) async fn seals_are_kept(ground: Ground) {
    ground.sealed().await;
    let seal = seal(&ground, 2).await;
    assert!(!ground.seals.add(&seal, &[]).await.expect("answered"));
    assert_eq!(
        ground.seals.sealed_digests(2).await.expect("read").len(),
        10
    );
    assert_eq!(ground.finding().await, None);
}

async fn seal(ground: &Ground, number: u64) -> Seal {
    let mut seals = ground.seals.seals(number - 1, 1).await.expect("read");
    seals.remove(0)
}
