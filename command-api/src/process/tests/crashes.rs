//! A crash after each write in turn, the write on the disk and nobody told of it. Started again,
//! the system ends where an undisturbed one does.

use std::{collections::BTreeMap, path::Path};

use chrono::TimeDelta;
use orderlog_domain::{
    fulfilment::Step,
    order::OrderStatus,
    payment::{Ledger, PaymentStatus},
};
use tokio::runtime::Builder;

use super::{
    fuse::Fuse,
    world::{Time, World},
};

/// Where everything ended; times and attempts aside.
#[derive(Debug, PartialEq)]
struct End {
    order: OrderStatus,
    payment: (PaymentStatus, Ledger),
    stock: (i64, i64),
    saga: Step,
    told: BTreeMap<String, usize>,
}

/// One life; `None` if it ended in a crash.
fn live(directory: &Path, time: &Time, fuse: &Fuse, token: &str) -> Option<End> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        tokio::select! {
            biased;
            () = fuse.blown() => None,
            end = tell(directory, time, fuse, token) => Some(end),
        }
    })
}

async fn tell(directory: &Path, time: &Time, fuse: &Fuse, token: &str) -> End {
    let world = World::open(directory, time, fuse, false).await;
    world.place(token).await;
    // Longer than a lease of the life before lasts, and whatever has to be asked for after it.
    world.pass(TimeDelta::minutes(5)).await;
    world.ship().await;
    world.pass(TimeDelta::minutes(45)).await;
    let (payment, stock) = (world.payment().await.1, world.stock().await);
    let mut told = BTreeMap::new();
    for event in world.events().await {
        if event.stream.starts_with("notification-") {
            *told.entry(event.event_type).or_default() += 1;
        }
    }
    End {
        order: world.state().await.status,
        payment: (payment.status(), payment.ledger),
        stock: (stock.on_hand, stock.available()),
        saga: world.saga().await.step,
        told,
    }
}

/// Crashes after every write in turn, and compares the ends. Answers the undisturbed end.
fn crash_everywhere(token: &str) -> End {
    let fresh = || tempfile::tempdir().unwrap();
    let undisturbed = live(fresh().path(), &Time::new(), &Fuse::endless(), token).unwrap();
    for writes in 1.. {
        let (directory, time) = (fresh(), Time::new());
        if let Some(end) = live(directory.path(), &time, &Fuse::of(writes), token) {
            assert!(writes > 50, "only {writes} writes");
            assert_eq!(end, undisturbed);
            break;
        }
        let end = live(directory.path(), &time, &Fuse::endless(), token);
        assert_eq!(
            end.as_ref(),
            Some(&undisturbed),
            "{token}: crash after write {writes}"
        );
    }
    undisturbed
}

#[test]
fn a_crash_anywhere_on_the_way_to_delivery_changes_nothing() {
    // The answer of its gateway gets lost, too.
    let end = crash_everywhere("tok_timeout");
    assert_eq!(
        (end.order, end.payment.0),
        (OrderStatus::Completed, PaymentStatus::Captured)
    );
}

#[test]
fn a_crash_anywhere_on_the_way_back_changes_nothing() {
    let end = crash_everywhere("tok_capture_fails");
    assert_eq!(
        (end.order, end.payment.0),
        (OrderStatus::Cancelled, PaymentStatus::Voided)
    );
}
