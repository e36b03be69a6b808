//! The gateway's work handler against gateways that misbehave.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use chrono::{TimeDelta, Utc};
use orderlog_domain::{
    fulfilment::Timings,
    ids::{OperationId, PaymentId},
    payment::{AuthorizationOutcome, Operation, OperationOutcome, PaymentStatus, Terms},
};
use uuid::Uuid;

use super::{
    clients::{ORDER, euros},
    fuse::Fuse,
    world::{Time, World},
};
use crate::process::{
    gateway::{Answer, Call, NoAnswer, PaymentGateway},
    simulated_gateway::SimulatedGateway,
};

/// The simulated gateway, which notes what it is asked, and may never answer a call.
struct Noting {
    inner: SimulatedGateway,
    noted: Mutex<Vec<&'static str>>,
    is_silent: bool,
}

impl Noting {
    fn new(is_silent: bool) -> Arc<Self> {
        let inner = SimulatedGateway::new(&Timings::standard());
        Arc::new(Self {
            inner,
            noted: Mutex::default(),
            is_silent,
        })
    }

    fn note(&self, what: &'static str) {
        self.noted.lock().unwrap().push(what);
    }

    fn noted(&self) -> Vec<&'static str> {
        self.noted.lock().unwrap().clone()
    }
}

#[async_trait]
impl PaymentGateway for Noting {
    async fn authorize(&self, call: &Call) -> Result<AuthorizationOutcome, NoAnswer> {
        self.note("authorize");
        if self.is_silent {
            return std::future::pending().await;
        }
        self.inner.authorize(call).await
    }

    async fn capture(&self, call: &Call) -> Result<OperationOutcome, NoAnswer> {
        self.note("capture");
        self.inner.capture(call).await
    }

    async fn void(&self, call: &Call) -> Result<OperationOutcome, NoAnswer> {
        self.note("void");
        self.inner.void(call).await
    }

    async fn refund(&self, call: &Call) -> Result<OperationOutcome, NoAnswer> {
        self.note("refund");
        self.inner.refund(call).await
    }

    async fn ask(&self, call: &Call) -> Result<Option<Answer>, NoAnswer> {
        self.note("ask");
        self.inner.ask(call).await
    }
}

#[tokio::test]
async fn a_first_attempt_calls_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let gateway = Noting::new(false);
    let world = World::open(directory.path(), &Time::new(), &Fuse::endless(), false).await;
    let world = world.with_gateway(gateway.clone());
    world.place("tok_ok").await;
    world.settle().await;
    assert_eq!(gateway.noted(), ["authorize"]);
}

#[tokio::test]
async fn an_old_intent_is_asked_about_before_it_is_called() {
    let directory = tempfile::tempdir().unwrap();
    let (time, gateway) = (Time::new(), Noting::new(false));
    let world = World::open(directory.path(), &time, &Fuse::endless(), false).await;
    let world = world.with_gateway(gateway.clone());
    world.place("tok_ok").await;
    world.settle_without_work().await;
    time.advance(TimeDelta::minutes(61));
    world.settle().await;
    assert_eq!(gateway.noted().first(), Some(&"ask"));
    assert!(!gateway.noted().contains(&"authorize"));
}

#[tokio::test]
async fn a_call_without_an_answer_is_unknown_and_asked_about_later() {
    let directory = tempfile::tempdir().unwrap();
    let gateway = Noting::new(true);
    let world = World::open(directory.path(), &Time::new(), &Fuse::endless(), false).await;
    let world = world
        .with_gateway(gateway.clone())
        .with_timeout(Duration::from_millis(1));
    world.place("tok_ok").await;
    world.settle().await;
    assert_eq!(world.payment().await.1.status(), PaymentStatus::Unknown);
    world.pass(TimeDelta::seconds(6)).await;
    assert_eq!(world.payment().await.1.status(), PaymentStatus::Authorized);
    assert_eq!(gateway.noted(), ["authorize", "ask"]);
}

#[tokio::test]
async fn the_same_call_is_answered_the_same() {
    let gateway = SimulatedGateway::new(&Timings::standard());
    let restarted = SimulatedGateway::new(&Timings::standard());
    for token in crate::process::simulated_gateway::TOKENS {
        for operation in [
            Operation::Authorize,
            Operation::Capture,
            Operation::Void,
            Operation::Refund,
        ] {
            let call = Call {
                operation,
                operation_id: OperationId(Uuid::from_u128(7)),
                amount: euros(10),
                is_final: true,
                terms: Terms {
                    payment_id: PaymentId(Uuid::from_u128(8)),
                    order_id: ORDER,
                    amount: euros(10),
                    method_token: token.to_owned(),
                },
                gateway_ref: None,
                action_completed: false,
                requested_at: Utc::now(),
                at: Utc::now(),
            };
            assert_eq!(
                gateway.ask(&call).await,
                restarted.ask(&call).await,
                "{token}"
            );
            assert_eq!(
                gateway.authorize(&call).await,
                restarted.authorize(&call).await,
                "{token}"
            );
        }
    }
}
