//! Proofs of single events, for somebody who has nothing but a public key.

use orderlog_log::seal::{
    Flaw, KeyFile,
    proof::{Proof, ProofError, ProveError, prove},
};

use super::{Ground, SEALED};

pub(crate) async fn each_event_is_proved_with_the_public_key_alone(ground: Ground) {
    ground.sealed().await;
    let key = KeyFile::open(&ground.key()).expect("a key").public()[0];
    for position in 1..=SEALED {
        let proof = prove(ground.seals.as_ref(), position)
            .await
            .expect("a proof");
        let json = serde_json::to_string(&proof).expect("JSON");
        let read: Proof = serde_json::from_str(&json).expect("a proof");
        assert_eq!(read, proof);
        assert_eq!(read.check(Some(key)), Ok(()));
        assert_eq!(read.event.position, position);
    }
    let unsealed = prove(ground.seals.as_ref(), 27).await;
    assert!(
        matches!(
            unsealed,
            Err(ProveError::NotSealed {
                position: 27,
                sealed: SEALED
            })
        ),
        "{unsealed:?}"
    );
    let unknown = prove(ground.seals.as_ref(), 30).await;
    assert!(
        matches!(unknown, Err(ProveError::NoEvent(30))),
        "{unknown:?}"
    );
}

pub(crate) async fn a_changed_proof_proves_nothing(ground: Ground) {
    ground.sealed().await;
    let key = KeyFile::open(&ground.key()).expect("a key").public()[0];
    let proof = prove(ground.seals.as_ref(), 14).await.expect("a proof");
    let changes: [fn(&mut Proof); 8] = [
        |it| it.event.data.push(' '),
        |it| it.event.actor.push('x'),
        |it| it.event.position = 15,
        |it| it.event.position = 9,
        |it| it.event.occurred_at += chrono::Duration::microseconds(1),
        |it| it.path[0].0[7] ^= 1,
        |it| it.path.truncate(it.path.len() - 1),
        |it| it.seal.body.root[0] ^= 1,
    ];
    for change in changes {
        let mut changed = proof.clone();
        change(&mut changed);
        let refused = changed.check(Some(key));
        assert!(
            matches!(refused, Err(ProofError::OtherEvent(_))),
            "{changed:?}"
        );
    }
    let mut forged = proof.clone();
    forged.seal.signature.0[5] ^= 1;
    assert_eq!(forged.check(Some(key)), Err(ProofError::Forged(2)));
    let mut dated = proof;
    dated.seal.body.sealed_at += chrono::Duration::days(-1);
    assert_eq!(dated.check(None), Err(ProofError::Forged(2)));
}

pub(crate) async fn a_proof_leads_from_the_first_key_to_the_last(ground: Ground) {
    ground.sealed().await;
    let first = KeyFile::open(&ground.key()).expect("a key").public()[0];
    for (from, to) in [(30, 40), (41, 50), (51, 60)] {
        KeyFile::rotate(&ground.key()).expect("rotated");
        ground.append(from..=to).await;
        ground.seal(ground.settings()).await;
    }
    let keys = KeyFile::open(&ground.key()).expect("keys").public();
    let proof = prove(ground.seals.as_ref(), 60).await.expect("a proof");
    for key in &keys[..3] {
        assert_eq!(proof.check(Some(*key)), Ok(()));
    }
    let old = prove(ground.seals.as_ref(), 3).await.expect("a proof");
    assert_eq!(old.check(Some(first)), Ok(()));
    let stranger = old.check(Some(keys[3]));
    let expected = ProofError::Stranger {
        seal: 1,
        key: first,
        first,
    };
    assert_eq!(stranger, Err(expected));
    let mut forged = proof;
    forged.introductions[1].body.introduces = Some(first);
    assert!(forged.check(Some(first)).is_err());
}

pub(crate) async fn what_was_tampered_with_is_not_proved(ground: Ground) {
    ground.sealed().await;
    ground
        .hands
        .run("UPDATE events SET actor = 'somebody' WHERE position = 15")
        .await;
    let refused = prove(ground.seals.as_ref(), 15).await.expect_err("refused");
    let ProveError::Damaged(finding) = refused else {
        panic!("{refused}");
    };
    assert_eq!((finding.position, finding.flaw), (15, Flaw::Changed));
    prove(ground.seals.as_ref(), 16)
        .await
        .expect("its neighbour is as it was");
    ground
        .hands
        .run("DELETE FROM events WHERE position = 15")
        .await;
    let removed = prove(ground.seals.as_ref(), 15).await.expect_err("refused");
    assert!(
        removed
            .to_string()
            .contains("position 15: the event was removed"),
        "{removed}"
    );
}
