//! A small aggregate: an account that is opened, paid into and drawn from.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use cqrs_es::{Aggregate, DomainEvent, event_sink::EventSink};
use orderlog_log::{
    clock::Clock,
    event::{DecodeError, RecordedEvent, Today},
    event_store::EventStore,
    executor::{Binding, CommandContext, ExecuteError, Executed, Executor, Limits, as_recorded},
    sqlite::SqliteEventStore,
};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use uuid::Uuid;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) open: bool,
    pub(crate) balance: i64,
    pub(crate) notes: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum AccountCommand {
    Open,
    Deposit(i64),
    Withdraw(i64),
    /// Writes a note of this length.
    Note(usize),
    /// Allowed from a balance of 100 on; its refusal is not recorded.
    Audit,
    /// Breaks off in the middle.
    Panic,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum AccountEvent {
    Opened,
    Deposited(i64),
    Withdrawn { amount: i64, left: i64 },
    Noted(String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub(crate) enum AccountRefusal {
    #[error("the account is open")]
    AlreadyOpen,
    #[error("the account is not open")]
    NotOpen,
    #[error("{wanted} wanted, {available} there")]
    Insufficient { wanted: i64, available: i64 },
    #[error("not yet")]
    NotYet,
}

impl DomainEvent for AccountEvent {
    fn event_type(&self) -> String {
        match self {
            Self::Opened => "Opened",
            Self::Deposited(_) => "Deposited",
            Self::Withdrawn { .. } => "Withdrawn",
            Self::Noted(_) => "Noted",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl Aggregate for Account {
    const TYPE: &'static str = "account";
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Error = AccountRefusal;
    type Services = DateTime<Utc>;

    async fn handle(
        &mut self,
        command: AccountCommand,
        _now: &DateTime<Utc>,
        sink: &EventSink<Self>,
    ) -> Result<(), AccountRefusal> {
        match command {
            AccountCommand::Open if self.open => return Err(AccountRefusal::AlreadyOpen),
            AccountCommand::Open => sink.write(AccountEvent::Opened, self).await,
            AccountCommand::Audit if self.balance < 100 => return Err(AccountRefusal::NotYet),
            AccountCommand::Audit => {}
            AccountCommand::Panic => panic!("a defect of the rules"),
            _ if !self.open => return Err(AccountRefusal::NotOpen),
            AccountCommand::Deposit(0) => {}
            AccountCommand::Deposit(amount) => {
                sink.write(AccountEvent::Deposited(amount), self).await;
            }
            AccountCommand::Withdraw(wanted) if wanted > self.balance => {
                // What is written before a refusal must leave no trace.
                sink.write(
                    AccountEvent::Withdrawn {
                        amount: wanted,
                        left: 0,
                    },
                    self,
                )
                .await;
                let available = self.balance + wanted;
                return Err(AccountRefusal::Insufficient { wanted, available });
            }
            AccountCommand::Withdraw(amount) => {
                let left = self.balance - amount;
                sink.write(AccountEvent::Withdrawn { amount, left }, self)
                    .await;
            }
            AccountCommand::Note(length) => {
                sink.write(AccountEvent::Noted("x".repeat(length)), self)
                    .await;
            }
        }
        Ok(())
    }

    fn apply(&mut self, event: AccountEvent) {
        match event {
            AccountEvent::Opened => self.open = true,
            AccountEvent::Deposited(amount) => self.balance += amount,
            AccountEvent::Withdrawn { amount, .. } => self.balance -= amount,
            AccountEvent::Noted(_) => self.notes += 1,
        }
    }
}

pub(crate) type Answer = Result<Executed, ExecuteError<AccountRefusal>>;

pub(crate) fn sqlite() -> (Arc<SqliteEventStore>, TempDir) {
    let directory = tempfile::tempdir().expect("a directory");
    (
        Arc::new(SqliteEventStore::open(directory.path()).expect("a new log")),
        directory,
    )
}

pub(crate) fn executor(store: Arc<dyn EventStore>) -> Executor<Account> {
    let limits = Limits {
        cached: 100,
        waiting: 2000,
        attempts: 100,
    };
    with_limits(store, limits)
}

pub(crate) fn with_limits(store: Arc<dyn EventStore>, limits: Limits) -> Executor<Account> {
    Executor::new(store, Clock::system(), binding(as_recorded), limits)
}

/// An executor that reads events so.
pub(crate) fn with_decode(store: Arc<dyn EventStore>, decode: Decode) -> Executor<Account> {
    let limits = Limits {
        cached: 100,
        waiting: 100,
        attempts: 3,
    };
    Executor::new(store, Clock::system(), binding(decode), limits)
}

type Decode = fn(&RecordedEvent) -> Result<Today<AccountEvent>, DecodeError>;

fn binding(decode: Decode) -> Binding<Account> {
    Binding {
        decode,
        partition_key: |_, id| id.to_owned(),
        begins: |command| matches!(command, AccountCommand::Open),
        code: |refusal| match refusal {
            AccountRefusal::AlreadyOpen => "account.already_open",
            AccountRefusal::NotOpen => "account.not_open",
            AccountRefusal::Insufficient { .. } => "account.insufficient",
            AccountRefusal::NotYet => "account.not_yet",
        },
        recorded: |refusal| *refusal != AccountRefusal::NotYet,
    }
}

pub(crate) fn context() -> CommandContext {
    with_id(Uuid::now_v7())
}

pub(crate) fn with_id(command_id: Uuid) -> CommandContext {
    CommandContext {
        command_id,
        correlation_id: command_id,
        causation_id: command_id,
        actor: "tester".to_owned(),
        traceparent: None,
        expected_version: None,
        fingerprint: None,
    }
}

/// An open account with a balance.
pub(crate) async fn open_account(executor: &Executor<Account>, id: &str, balance: i64) {
    executor
        .execute(id, AccountCommand::Open, context())
        .await
        .expect("opened");
    executor
        .execute(id, AccountCommand::Deposit(balance), context())
        .await
        .expect("paid in");
}
