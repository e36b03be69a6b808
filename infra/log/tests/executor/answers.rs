//! What a command is answered, first and when repeated.

use orderlog_log::{
    event_reader::EventReader,
    event_store::Fingerprint,
    executor::{ExecuteError, Executed},
};
use uuid::Uuid;

use crate::account::{
    Account, AccountCommand, AccountRefusal, context, executor, open_account, sqlite, with_id,
};

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_command_is_answered_with_version_and_position() {
    let (store, _directory) = sqlite();
    let executor = executor(store.clone());
    open_account(&executor, "other", 1).await;
    let executed = executor
        .execute("1", AccountCommand::Open, context())
        .await
        .expect("opened");
    let stream = "account-1".to_owned();
    let partition_key = "1".to_owned();
    let first = Executed {
        stream,
        version: 1,
        position: 3,
        partition_key,
        repeated: false,
    };
    assert_eq!(executed, first);
    let loaded = executor.load("1").await.expect("loaded");
    assert_eq!((loaded.version, loaded.state.open), (1, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_envelope_says_who_and_why() {
    let (store, _directory) = sqlite();
    let executor = executor(store.clone());
    let mut context = context();
    (context.correlation_id, context.causation_id) = (Uuid::now_v7(), Uuid::now_v7());
    context.traceparent = Some("00-trace".to_owned());
    executor
        .execute("1", AccountCommand::Open, context.clone())
        .await
        .expect("opened");
    let event = store.read_all(0, 1).await.expect("read").remove(0);
    assert_eq!(
        (event.event_type.as_str(), event.data.as_str()),
        ("Opened", "\"Opened\"")
    );
    assert_eq!((event.schema_version, event.actor.as_str()), (1, "tester"));
    assert_eq!(
        (event.command_id, event.correlation_id, event.causation_id),
        {
            (
                context.command_id,
                context.correlation_id,
                context.causation_id,
            )
        }
    );
    assert_eq!(event.traceparent, context.traceparent);
    let record = store
        .command(context.command_id)
        .await
        .expect("read")
        .expect("recorded");
    assert_eq!(record.command.command_type, "Open");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_answers_the_first_outcome_whatever_the_rules_say_now() {
    let (store, _directory) = sqlite();
    let executor = executor(store.clone());
    let id = Uuid::now_v7();
    let first = executor
        .execute("1", AccountCommand::Open, with_id(id))
        .await
        .expect("opened");
    // Today the rules would refuse it: the account is open.
    let again = executor
        .execute("1", AccountCommand::Open, with_id(id))
        .await
        .expect("repeated");
    assert_eq!(
        again,
        Executed {
            repeated: true,
            ..first
        }
    );
    assert_eq!(store.head().await.expect("head").position, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_refusal_stands_though_the_rules_would_accept_now() {
    let (store, _directory) = sqlite();
    let executor = executor(store.clone());
    open_account(&executor, "1", 10).await;
    let (id, withdraw) = (Uuid::now_v7(), AccountCommand::Withdraw(50));
    for expected in [false, true] {
        let answer = executor.execute("1", withdraw.clone(), with_id(id)).await;
        let Err(ExecuteError::Refused {
            refusal,
            version,
            repeated,
        }) = answer
        else {
            panic!("{answer:?}")
        };
        assert_eq!(
            refusal,
            AccountRefusal::Insufficient {
                wanted: 50,
                available: 10
            }
        );
        assert_eq!((version, repeated), (2, expected));
        executor
            .execute("1", AccountCommand::Deposit(100), context())
            .await
            .expect("paid in");
    }
    executor
        .execute("1", withdraw, context())
        .await
        .expect("another command");
    assert_eq!(executor.load("1").await.expect("loaded").state.balance, 160);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passing_refusal_is_not_remembered() {
    let (store, _directory) = sqlite();
    let executor = executor(store.clone());
    let id = Uuid::now_v7();
    let answer = executor
        .execute("1", AccountCommand::Audit, with_id(id))
        .await;
    assert!(
        matches!(
            answer,
            Err(ExecuteError::Refused {
                repeated: false,
                ..
            })
        ),
        "{answer:?}"
    );
    assert_eq!(store.command(id).await.expect("read"), None);
    let answer = executor
        .execute("1", AccountCommand::Audit, with_id(id))
        .await;
    assert!(
        matches!(
            answer,
            Err(ExecuteError::Refused {
                repeated: false,
                ..
            })
        ),
        "{answer:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passing_refusal_does_not_hide_the_first_outcome() {
    let (store, _directory) = sqlite();
    let executor = executor(store.clone());
    let context = |fingerprint: &[u8], id| {
        let mut context = with_id(id);
        context.fingerprint = Some(Fingerprint::of(fingerprint));
        context
    };
    let id = Uuid::now_v7();
    executor
        .execute("1", AccountCommand::Open, context(b"said", id))
        .await
        .expect("opened");
    let again = executor
        .execute("1", AccountCommand::Audit, context(b"said", id))
        .await;
    assert!(
        matches!(again, Ok(Executed { repeated: true, .. })),
        "{again:?}"
    );
    let other = executor
        .execute("1", AccountCommand::Audit, context(b"other", id))
        .await;
    assert!(
        matches!(other, Err(ExecuteError::IdReused(reused)) if reused == id),
        "{other:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_with_other_content_or_for_another_aggregate_is_refused() {
    let (store, _directory) = sqlite();
    let executor = executor(store.clone());
    open_account(&executor, "1", 10).await;
    let (id, deposit) = (Uuid::now_v7(), AccountCommand::Deposit(5));
    executor
        .execute("1", deposit.clone(), with_id(id))
        .await
        .expect("paid in");
    for (account, command) in [("1", AccountCommand::Deposit(6)), ("2", deposit)] {
        let answer = executor.execute(account, command, with_id(id)).await;
        assert!(
            matches!(answer, Err(ExecuteError::IdReused(_))),
            "{answer:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demanded_version_is_compared_with_the_newest() {
    let (store, _directory) = sqlite();
    let (one, other) = (executor(store.clone()), executor(store.clone()));
    open_account(&one, "1", 10).await;
    let demand = |version| {
        let mut context = context();
        context.expected_version = Some(version);
        context
    };
    let answer = one
        .execute("1", AccountCommand::Deposit(1), demand(7))
        .await;
    let Err(ExecuteError::VersionMismatch {
        expected: 7,
        actual: 2,
    }) = answer
    else {
        panic!("{answer:?}")
    };
    // The first executor has not seen this one, and must not refuse the version that it makes.
    other
        .execute("1", AccountCommand::Deposit(1), context())
        .await
        .expect("paid in");
    one.execute("1", AccountCommand::Deposit(1), demand(3))
        .await
        .expect("the newest version");
    other
        .execute("1", AccountCommand::Deposit(1), context())
        .await
        .expect("paid in");
    let context = demand(4);
    let answer = one
        .execute("1", AccountCommand::Deposit(1), context.clone())
        .await;
    assert!(
        matches!(
            answer,
            Err(ExecuteError::VersionMismatch {
                expected: 4,
                actual: 5
            })
        ),
        "{answer:?}"
    );
    assert_eq!(store.command(context.command_id).await.expect("read"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_with_nothing_to_do_is_accepted_and_remembered() {
    let (store, _directory) = sqlite();
    let executor = executor(store.clone());
    open_account(&executor, "1", 10).await;
    let id = Uuid::now_v7();
    let first = executor
        .execute("1", AccountCommand::Deposit(0), with_id(id))
        .await;
    let first = first.expect("nothing to do");
    assert_eq!(
        (first.version, first.position, first.partition_key.as_str()),
        (2, 2, "1")
    );
    let again = executor
        .execute("1", AccountCommand::Deposit(0), with_id(id))
        .await;
    assert_eq!(
        again.expect("repeated"),
        Executed {
            repeated: true,
            ..first
        }
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_too_large_is_refused_and_leaves_no_trace() {
    let (store, _directory) = sqlite();
    let executor = executor(store.clone());
    open_account(&executor, "1", 10).await;
    let answer = executor
        .execute("1", AccountCommand::Note(600_000), context())
        .await;
    assert!(
        matches!(answer, Err(ExecuteError::TooLarge { .. })),
        "{answer:?}"
    );
    let loaded = executor.load("1").await.expect("loaded");
    assert_eq!((loaded.version, loaded.state.notes), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_does_not_exist_is_loaded_as_new() {
    let (store, _directory) = sqlite();
    let loaded = executor(store).load("1").await.expect("loaded");
    assert_eq!((loaded.version, &*loaded.state), (0, &Account::default()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_stream_is_loaded_whole() {
    let (store, _directory) = sqlite();
    let writer = executor(store.clone());
    open_account(&writer, "1", 1).await;
    let mut deposits = tokio::task::JoinSet::new();
    for _ in 0..1200 {
        let writer = writer.clone();
        deposits.spawn(async move {
            writer
                .execute("1", AccountCommand::Deposit(1), context())
                .await
                .expect("paid in")
        });
    }
    deposits.join_all().await;
    let loaded = executor(store).load("1").await.expect("loaded");
    assert_eq!((loaded.version, loaded.state.balance), (1202, 1201));
}
