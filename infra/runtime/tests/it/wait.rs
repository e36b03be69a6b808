//! Reads that wait for their own write.

use std::{sync::Arc, time::Duration};

use orderlog_runtime::{
    read_model::ReadModel,
    read_store::{BehindReason, ReadError, ReadStore},
};
use tokio_util::sync::CancellationToken;

use crate::toy::{Sum, Toy, ToyLog, projector};

const SOON: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(30);

fn reason(waited: Result<(), ReadError>) -> Option<BehindReason> {
    match waited {
        Err(ReadError::Behind { reason, .. }) => Some(reason),
        _ => None,
    }
}

#[tokio::test]
async fn a_read_waits_for_its_position_or_says_why_it_is_behind() {
    let toy = ToyLog::new();
    let store: Arc<dyn ReadStore> = toy.read_store().await;
    let sums: ReadModel<Sum> = ReadModel::new(Arc::clone(&store), "sums");
    let projector = projector(&toy, &store).await;
    let first = toy.append("a", &Toy::Added(5)).await;
    assert_eq!(
        reason(sums.wait_for(first, "a", SOON).await),
        Some(BehindReason::NotRunning)
    );

    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let (projector, stop) = (projector.clone(), stop.clone());
        let fan_out = toy.fan_out();
        async move { projector.run(fan_out, stop).await }
    });
    sums.wait_for(first, "a", LONG).await.expect("reached");
    assert_eq!(sums.get("a").await.expect("a row").expect("there").sum, 5);
    assert_eq!(
        reason(sums.wait_for(first + 100, "a", SOON).await),
        Some(BehindReason::Lag)
    );

    let broken = toy.append("a", &Toy::Broken).await;
    let later = toy.append("b", &Toy::Added(1)).await;
    sums.wait_for(later, "b", LONG)
        .await
        .expect("another key goes on");
    assert_eq!(
        reason(sums.wait_for(broken, "a", LONG).await),
        Some(BehindReason::Parked)
    );
    sums.wait_for(first, "a", LONG)
        .await
        .expect("what lies before is there");

    projector.pause("sums").await.expect("paused");
    let paused = toy.append("b", &Toy::Added(1)).await;
    assert_eq!(
        reason(sums.wait_for(paused, "b", SOON).await),
        Some(BehindReason::NotRunning)
    );
    projector.resume("sums").await.expect("resumed");
    sums.wait_for(paused, "b", LONG).await.expect("caught up");
    assert_eq!(sums.get("b").await.expect("a row").expect("there").sum, 2);

    let mut follow = sums.follow("b");
    let changed = toy.append("b", &Toy::Added(1)).await;
    let told = follow.next().await;
    assert_eq!(
        told,
        Some(orderlog_runtime::read_store::Changed::At(changed))
    );
    stop.cancel();
    running.await.expect("no panic").expect("a clean end");
}
