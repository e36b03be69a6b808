//! When the store, or a rule, fails.

use std::sync::Arc;

use orderlog_log::{
    event_store::{EventStore, StoreError},
    executor::{ExecuteError, Executed, Executor, Limits},
};

use crate::{
    account::{
        Account, AccountCommand, AccountRefusal, context, open_account, sqlite, with_limits,
    },
    between::{Between, Fault, begun, unknown},
};

async fn account() -> (Executor<Account>, Arc<Between>, tempfile::TempDir) {
    let (store, directory) = sqlite();
    let between = Between::new(store);
    let limits = Limits {
        cached: 10,
        waiting: 10,
        attempts: 3,
    };
    let executor = with_limits(between.clone(), limits);
    open_account(&executor, "1", 10).await;
    (executor, between, directory)
}

fn unavailable() -> StoreError {
    StoreError::Unavailable {
        detail: "gone".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_found_in_the_log() {
    let (executor, store, _directory) = account().await;
    store.fail([Fault::AnswerLost]);
    let answer = executor
        .execute("1", AccountCommand::Deposit(5), context())
        .await;
    assert!(
        matches!(
            answer,
            Ok(Executed {
                version: 3,
                repeated: false,
                ..
            })
        ),
        "{answer:?}"
    );
    store.fail([Fault::AnswerLost]);
    let answer = executor
        .execute("1", AccountCommand::Withdraw(99), context())
        .await;
    let insufficient = AccountRefusal::Insufficient {
        wanted: 99,
        available: 15,
    };
    assert!(
        matches!(&answer, Err(ExecuteError::Refused { refusal, repeated: false, .. })
            if *refusal == insufficient),
        "{answer:?}"
    );
    assert_eq!(executor.load("1").await.expect("loaded").version, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_that_did_not_arrive_is_sent_again() {
    let (executor, store, _directory) = account().await;
    store.fail([Fault::Failed(unknown())]);
    let answer = executor
        .execute("1", AccountCommand::Deposit(5), context())
        .await;
    assert!(
        matches!(
            answer,
            Ok(Executed {
                version: 3,
                repeated: false,
                ..
            })
        ),
        "{answer:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doubt_is_not_talked_away_by_a_later_failure() {
    let (executor, store, _directory) = account().await;
    store.fail([Fault::Failed(unknown()), Fault::Failed(unavailable())]);
    let answer = executor
        .execute("1", AccountCommand::Deposit(5), context())
        .await;
    let is_unknown = matches!(answer, Err(ExecuteError::Store(StoreError::Unknown { .. })));
    assert!(is_unknown, "{answer:?}");
    store.fail([Fault::Failed(unknown()), Fault::Conflict, Fault::Conflict]);
    let answer = executor
        .execute("1", AccountCommand::Deposit(5), context())
        .await;
    let is_unknown = matches!(answer, Err(ExecuteError::Store(StoreError::Unknown { .. })));
    assert!(is_unknown, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_of_the_store_is_told_as_it_is() {
    let (executor, store, _directory) = account().await;
    let full = StoreError::DiskFull {
        detail: "no room".to_owned(),
    };
    store.fail([Fault::Failed(full.clone())]);
    let answer = executor
        .execute("1", AccountCommand::Deposit(5), context())
        .await;
    assert!(
        matches!(&answer, Err(ExecuteError::Store(error)) if *error == full),
        "{answer:?}"
    );
    let answer = executor
        .execute("1", AccountCommand::Deposit(5), context())
        .await;
    assert_eq!(answer.expect("there is room again").version, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_that_stays_is_told_after_the_attempts_allowed() {
    let (executor, store, _directory) = account().await;
    store.fail([Fault::Conflict, Fault::Conflict, Fault::Conflict]);
    let answer = executor
        .execute("1", AccountCommand::Deposit(5), context())
        .await;
    assert!(
        matches!(answer, Err(ExecuteError::Conflict { attempts: 3, .. })),
        "{answer:?}"
    );
    executor
        .execute("1", AccountCommand::Deposit(5), context())
        .await
        .expect("paid in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_panics_breaks_its_command_alone() {
    let (executor, store, _directory) = account().await;
    store.hold(true);
    let deposit = || executor.execute("1", AccountCommand::Deposit(5), context());
    let before = begun(deposit());
    let panics = begun(executor.execute("1", AccountCommand::Panic, context()));
    let behind = begun(deposit());
    store.hold(false);
    assert_eq!(before.await.expect("paid in").version, 3);
    let answer = panics.await;
    let unavailable = matches!(
        answer,
        Err(ExecuteError::Store(StoreError::Unavailable { .. }))
    );
    assert!(unavailable, "{answer:?}");
    assert_eq!(behind.await.expect("paid in").version, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_read_is_reported_with_its_place() {
    let (store, directory) = sqlite();
    let limits = Limits {
        cached: 10,
        waiting: 10,
        attempts: 3,
    };
    let executor = with_limits(store.clone(), limits);
    open_account(&executor, "1", 10).await;
    let spoil = "UPDATE events SET data = '{\"Vanished\":1}' WHERE version = 2";
    store
        .transact(move |log| log.execute(spoil, []))
        .await
        .expect("an update");
    let fresh = with_limits(store as Arc<dyn EventStore>, limits);
    let answer = fresh
        .execute("1", AccountCommand::Deposit(5), context())
        .await;
    let Err(ExecuteError::Store(StoreError::Corrupt { detail })) = answer else {
        panic!("{answer:?}")
    };
    assert!(detail.contains("account-1, version 2"), "{detail}");
    drop(directory);
}
