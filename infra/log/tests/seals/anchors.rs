//! Seals kept elsewhere.

use std::fs;

use orderlog_log::seal::{Flaw, KeyFile, SealError};

use super::{Ground, SEALED};

async fn anchored(ground: &Ground) {
    KeyFile::open_or_create(&ground.key()).expect("a key");
    ground.append(1..=SEALED).await;
    ground.seal(ground.anchored()).await;
    assert_eq!(ground.anchor().read().expect("an anchor").len(), 3);
    assert_eq!(ground.finding_by_anchor().await, None);
}

/// Cuts off the end, seals and all.
async fn cut_off(ground: &Ground, after: u64, seals: u64) {
    ground.hands.unlock().await;
    let sql = format!(
        "DELETE FROM events WHERE position > {after}; DELETE FROM seals WHERE number > {seals};"
    );
    ground.hands.run(&sql).await;
}

pub(crate) async fn a_cut_off_end_is_proved_by_the_anchor_alone(ground: Ground) {
    anchored(&ground).await;
    cut_off(&ground, 20, 2).await;
    assert_eq!(ground.finding().await, None, "nothing shows it");
    let cut_off = Flaw::CutOff { sealed: SEALED };
    assert_eq!(ground.finding_by_anchor().await, Some((21, cut_off)));
}

pub(crate) async fn a_cut_off_end_is_seen_where_its_seals_are_left(ground: Ground) {
    anchored(&ground).await;
    cut_off(&ground, 22, 3).await;
    let removed = Flaw::Removed { now_there: None };
    assert_eq!(ground.finding().await, Some((23, removed)));
}

pub(crate) async fn an_anchor_is_told_what_it_missed(ground: Ground) {
    anchored(&ground).await;
    let whole = fs::read_to_string(ground.anchor().path()).expect("an anchor");
    let lines: Vec<_> = whole.split_inclusive('\n').collect();
    // Lost, torn in the middle of a line, and not there at all.
    for left in [
        lines[0].to_owned(),
        whole[..lines[0].len() + 40].to_owned(),
        String::new(),
    ] {
        fs::write(ground.anchor().path(), left).expect("written");
        let told = ground.sealer(ground.anchored()).seal_now().await;
        assert_eq!(told.expect("nothing to seal"), None);
        let anchored = ground.anchor().read().expect("an anchor");
        assert!(anchored.keys().eq(&[1, 2, 3]));
        assert_eq!(ground.finding_by_anchor().await, None);
    }
}

pub(crate) async fn a_history_written_anew_is_told_by_the_anchor(ground: Ground) {
    anchored(&ground).await;
    cut_off(&ground, SEALED, 1).await;
    ground
        .hands
        .run("UPDATE events SET actor = 'somebody' WHERE position = 15")
        .await;
    // With the true key, and without telling the anchor.
    ground.seal(ground.settings()).await;
    assert_eq!(ground.finding().await, None, "nothing shows it");
    let other = Flaw::NotAsAnchored { seal: 2 };
    assert_eq!(ground.finding_by_anchor().await, Some((11, other)));
}

pub(crate) async fn nothing_is_sealed_against_the_anchor(ground: Ground) {
    anchored(&ground).await;
    cut_off(&ground, 20, 2).await;
    let refused = ground.sealer(ground.anchored()).seal_now().await;
    assert!(
        matches!(refused, Err(SealError::AnchorAhead(3))),
        "{refused:?}"
    );
    assert_eq!(ground.anchor().read().expect("an anchor").len(), 3);
}
