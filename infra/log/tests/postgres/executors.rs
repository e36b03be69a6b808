//! Executors of several processes on the same aggregates.

use std::sync::Arc;

use orderlog_log::postgres::PgOptions;
use tokio::task::JoinSet;
use uuid::Uuid;

#[path = "../executor/account.rs"]
#[expect(dead_code, reason = "at home with the executor's tests")]
pub(crate) mod account;

use account::{AccountCommand, context, executor, open_account, with_id};

use crate::{assert_whole, connect, database::TestDatabase, soon};

const PROCESSES: usize = 2;
const WRITERS: usize = 4;
const EACH: i64 = 20;

#[tokio::test(flavor = "multi_thread")]
async fn executors_on_one_aggregate_lose_no_command() {
    let database = TestDatabase::create().await;
    let mut executors = Vec::new();
    for _ in 0..PROCESSES {
        let store = connect(&database, PgOptions::default()).await;
        executors.push((executor(Arc::new(store.clone())), store));
    }
    open_account(&executors[0].0, "1", 1000).await;
    let mut writers = JoinSet::new();
    for (executor, _) in &executors {
        for _ in 0..WRITERS {
            let executor = executor.clone();
            writers.spawn(async move {
                for _ in 0..EACH {
                    let paid = executor.execute("1", AccountCommand::Deposit(1), context());
                    paid.await.expect("paid in");
                }
            });
        }
    }
    soon(writers.join_all()).await;
    let commands = PROCESSES as i64 * WRITERS as i64 * EACH;
    assert_whole(&executors[0].1, 2 + commands as u64).await;
    for (executor, _) in &executors {
        let all = AccountCommand::Withdraw(1000 + commands);
        let refused = executor.execute("1", AccountCommand::Withdraw(1001 + commands), context());
        refused.await.expect_err("more than there is");
        executor.execute("1", all, context()).await.expect("drawn");
        let back = AccountCommand::Deposit(1000 + commands);
        executor.execute("1", back, context()).await.expect("paid");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_sent_to_two_processes_is_carried_out_once() {
    let database = TestDatabase::create().await;
    let (one, other) = (
        executor(Arc::new(connect(&database, PgOptions::default()).await)),
        executor(Arc::new(connect(&database, PgOptions::default()).await)),
    );
    open_account(&one, "1", 100).await;
    for _ in 0..20 {
        let id = Uuid::now_v7();
        let (first, second) = tokio::join!(
            one.execute("1", AccountCommand::Deposit(1), with_id(id)),
            other.execute("1", AccountCommand::Deposit(1), with_id(id)),
        );
        let (first, second) = (first.expect("paid in"), second.expect("paid in"));
        assert_eq!(
            (first.version, first.position),
            (second.version, second.position)
        );
        assert_ne!(first.repeated, second.repeated);
    }
}
