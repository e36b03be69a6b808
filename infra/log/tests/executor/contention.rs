//! Many commands for one aggregate, from one executor and from two.

use std::sync::Arc;

use orderlog_log::{
    event_reader::EventReader,
    executor::{ExecuteError, Executed, Executor, Limits},
};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    account::{
        Account, AccountCommand, AccountRefusal, Answer, context, executor, open_account, sqlite,
        with_id, with_limits,
    },
    between::{Between, begun},
};

/// An executor over an account with a balance, and the store between them.
async fn account(balance: i64) -> (Executor<Account>, Arc<Between>, tempfile::TempDir) {
    let (store, directory) = sqlite();
    let between = Between::new(store);
    let executor = executor(between.clone());
    open_account(&executor, "1", balance).await;
    (executor, between, directory)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hot_aggregate_is_appended_in_few_batches() {
    let (executor, store, _directory) = account(1).await;
    let before = store.appends();
    store.hold(true);
    let first = begun(executor.execute("1", AccountCommand::Deposit(1), context()));
    store.asked(before + 1).await;
    let rest: Vec<_> = (0..199)
        .map(|_| begun(executor.execute("1", AccountCommand::Deposit(1), context())))
        .collect();
    store.hold(false);
    assert_eq!(first.await.expect("paid in").version, 3);
    for (version, deposit) in (4..).zip(rest) {
        assert_eq!(deposit.await.expect("paid in").version, version);
    }
    assert_eq!(
        store.appends() - before,
        2,
        "one in flight, and all that waited behind it"
    );
    assert_eq!(store.conflicts(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_executors_meet_and_lose_nothing() {
    let (one, store, _directory) = account(1).await;
    let other = executor(store.clone());
    // Both know the account; the second to append has decided on a version that is gone.
    other.load("1").await.expect("loaded");
    store.hold(true);
    let before = store.appends();
    let deposits = [&one, &other]
        .map(|executor| begun(executor.execute("1", AccountCommand::Deposit(10), context())));
    store.asked(before + 2).await;
    store.hold(false);
    for deposit in deposits {
        deposit.await.expect("paid in");
    }
    assert_eq!(store.conflicts(), 1);

    let mut tasks = JoinSet::new();
    for number in 0..400 {
        let executor = if number % 2 == 0 {
            one.clone()
        } else {
            other.clone()
        };
        tasks.spawn(async move {
            executor
                .execute("1", AccountCommand::Deposit(1), context())
                .await
                .expect("paid in")
        });
    }
    let mut versions: Vec<_> = tasks
        .join_all()
        .await
        .iter()
        .map(|executed| executed.version)
        .collect();
    versions.sort_unstable();
    assert_eq!(versions, (5..405).collect::<Vec<_>>());
    let loaded = one.load("1").await.expect("loaded");
    assert_eq!((loaded.version, loaded.state.balance), (404, 421));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_on_a_stale_state_is_decided_again() {
    let (one, store, _directory) = account(10).await;
    let other = executor(store.clone());
    other
        .execute("1", AccountCommand::Deposit(100), context())
        .await
        .expect("paid in");
    one.execute("1", AccountCommand::Withdraw(50), context())
        .await
        .expect("the money is there");
    assert_eq!(
        store.conflicts(),
        1,
        "it was decided on the old balance first"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unrecorded_refusal_on_a_stale_state_is_decided_again() {
    let (one, store, _directory) = account(10).await;
    let other = executor(store.clone());
    other
        .execute("1", AccountCommand::Deposit(100), context())
        .await
        .expect("paid in");
    one.execute("1", AccountCommand::Audit, context())
        .await
        .expect("the money is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_not_recorded_does_not_corrupt_those_behind_it() {
    let (executor, store, _directory) = account(10).await;
    let repeated = Uuid::now_v7();
    let deposit = AccountCommand::Deposit(5);
    executor
        .execute("1", deposit.clone(), with_id(repeated))
        .await
        .expect("paid in");
    store.hold(true);
    let before = store.appends();
    let send = |command, context| begun(executor.execute("1", command, context));
    let first = send(AccountCommand::Deposit(1), context());
    store.asked(before + 1).await;
    let mut demanding = context();
    demanding.expected_version = Some(5);
    let all = [
        send(deposit.clone(), with_id(repeated)),
        send(AccountCommand::Deposit(7), with_id(repeated)),
        send(AccountCommand::Note(600_000), context()),
        send(AccountCommand::Audit, context()),
        // The balance is 16: with the repeat or the reused id counted in, this would be granted.
        send(AccountCommand::Withdraw(17), context()),
        send(AccountCommand::Withdraw(16), context()),
        send(AccountCommand::Deposit(1), demanding),
    ];
    store.hold(false);
    assert_eq!(first.await.expect("paid in").version, 4);
    let mut answers: Vec<Answer> = Vec::new();
    for answer in all {
        answers.push(answer.await);
    }
    assert!(
        matches!(
            &answers[0],
            Ok(Executed {
                version: 3,
                repeated: true,
                ..
            })
        ),
        "{answers:?}"
    );
    assert!(
        matches!(&answers[1], Err(ExecuteError::IdReused(_))),
        "{answers:?}"
    );
    assert!(
        matches!(&answers[2], Err(ExecuteError::TooLarge { .. })),
        "{answers:?}"
    );
    let refusals = answers[3..5].iter().map(|answer| match answer {
        Err(ExecuteError::Refused {
            refusal,
            version: 4,
            repeated: false,
        }) => refusal.clone(),
        _ => panic!("{answers:?}"),
    });
    let insufficient = AccountRefusal::Insufficient {
        wanted: 17,
        available: 16,
    };
    assert_eq!(
        refusals.collect::<Vec<_>>(),
        [AccountRefusal::NotYet, insufficient]
    );
    assert!(
        matches!(&answers[5], Ok(Executed { version: 5, .. })),
        "{answers:?}"
    );
    assert!(
        matches!(&answers[6], Ok(Executed { version: 6, .. })),
        "{answers:?}"
    );
    assert_eq!(executor.load("1").await.expect("loaded").state.balance, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_for_one_aggregate_are_turned_away() {
    let (store, _directory) = sqlite();
    let store = Between::new(store);
    let limits = Limits {
        cached: 10,
        waiting: 3,
        attempts: 10,
    };
    let executor = with_limits(store.clone(), limits);
    open_account(&executor, "1", 10).await;
    store.hold(true);
    let before = store.appends();
    let deposit = || executor.execute("1", AccountCommand::Deposit(1), context());
    let first = begun(deposit());
    store.asked(before + 1).await;
    let waiting = [begun(deposit()), begun(deposit()), begun(deposit())];
    let answer = deposit().await;
    assert!(
        matches!(answer, Err(ExecuteError::Overloaded { .. })),
        "{answer:?}"
    );
    store.hold(false);
    first.await.expect("paid in");
    for deposit in waiting {
        deposit.await.expect("paid in");
    }
    deposit().await.expect("there is room again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_stops_nothing() {
    let (executor, store, _directory) = account(10).await;
    store.hold(true);
    let before = store.appends();
    let gone = Uuid::now_v7();
    let first = begun(executor.execute("1", AccountCommand::Deposit(1), with_id(gone)));
    store.asked(before + 1).await;
    let second = begun(executor.execute("1", AccountCommand::Deposit(1), context()));
    let third = begun(executor.execute("1", AccountCommand::Deposit(1), context()));
    drop((first, second));
    store.hold(false);
    assert_eq!(third.await.expect("paid in").version, 5);
    assert!(store.command(gone).await.expect("read").is_some());
}
