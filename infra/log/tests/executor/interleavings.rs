//! Whatever way commands interleave over two executors, there is a sequential history in which each
//! was decided on exactly the state that its answer names.

use chrono::Utc;
use cqrs_es::{Aggregate, event_sink::EventSink};
use orderlog_log::{event::RecordedEvent, event_reader::EventReader, executor::ExecuteError};
use proptest::prelude::*;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::account::{
    Account, AccountCommand, AccountEvent, AccountRefusal, Answer, executor, sqlite, with_id,
};

fn command() -> impl Strategy<Value = AccountCommand> {
    prop_oneof![
        Just(AccountCommand::Open),
        (0..50_i64).prop_map(AccountCommand::Deposit),
        (1..90_i64).prop_map(AccountCommand::Withdraw),
        Just(AccountCommand::Note(600_000)),
        Just(AccountCommand::Audit),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_interleaving_equals_a_sequential_history(
        commands in prop::collection::vec((0..2_usize, 0..3_u8, command()), 1..60)
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_time()
            .build()
            .expect("a runtime");
        runtime.block_on(check(commands));
    }
}

async fn check(commands: Vec<(usize, u8, AccountCommand)>) {
    let (store, _directory) = sqlite();
    let executors = [executor(store.clone()), executor(store.clone())];
    let mut tasks = JoinSet::new();
    for (number, account, command) in commands {
        let (executor, id) = (executors[number].clone(), Uuid::now_v7());
        tasks.spawn(async move {
            let account = account.to_string();
            let answer = executor
                .execute(&account, command.clone(), with_id(id))
                .await;
            (account, command, id, answer)
        });
    }
    let mut taken = 0;
    for (account, command, id, answer) in tasks.join_all().await {
        let stream = format!("account-{account}");
        let events = store.read_stream(&stream, 0, 1000).await.expect("read");
        let own = events.iter().filter(|event| event.command_id == id).count();
        taken += own;
        let after = match &answer {
            Ok(executed) => executed.version as usize,
            Err(ExecuteError::Refused { version, .. }) => *version as usize,
            Err(ExecuteError::TooLarge { .. }) => continue,
            Err(other) => panic!("{other:?}"),
        };
        assert_follows(
            &events[..after - own],
            &events[after - own..after],
            command,
            answer,
        )
        .await;
        assert!(
            events[after - own..after]
                .iter()
                .all(|event| event.command_id == id)
        );
    }
    assert_eq!(store.head().await.expect("head").position as usize, taken);
}

/// Deciding the command on what stood before gives these events and this answer.
async fn assert_follows(
    before: &[RecordedEvent],
    events: &[RecordedEvent],
    command: AccountCommand,
    answer: Answer,
) {
    let mut state = Account::default();
    before
        .iter()
        .map(decode)
        .for_each(|event| state.apply(event));
    let sink = EventSink::default();
    let refusal: Option<AccountRefusal> = state.handle(command, &Utc::now(), &sink).await.err();
    match (refusal, answer) {
        (None, Ok(_)) => {
            assert_eq!(
                sink.collect().await,
                events.iter().map(decode).collect::<Vec<_>>()
            );
        }
        (Some(refusal), Err(ExecuteError::Refused { refusal: told, .. })) => {
            assert_eq!((refusal, events.len()), (told, 0));
        }
        (refusal, answer) => panic!("{refusal:?} against {answer:?}"),
    }
}

fn decode(event: &RecordedEvent) -> AccountEvent {
    serde_json::from_str(&event.data).expect("an event of an account")
}
