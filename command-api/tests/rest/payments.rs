//! Payments, as the saga begins them and clients go on with them.

use chrono::Duration;
use orderlog_domain::{
    ids::{OperationId, OrderId, PaymentId},
    payment::{
        AuthorizationOutcome, Authorize, Capture, CaptureMode, InitiatePayment, OperationOutcome,
        PaymentCommand, RecordAuthorization, RecordCapture,
    },
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::server::{Server, context, eur, money, now};

/// A payment of 10.00 EUR whose authorization is under way.
struct Authorizing<'s> {
    server: &'s Server,
    id: PaymentId,
    operation_id: OperationId,
}

impl<'s> Authorizing<'s> {
    async fn begin(server: &'s Server) -> Self {
        let (id, operation_id) = (PaymentId(Uuid::now_v7()), OperationId(Uuid::now_v7()));
        let payment = Self {
            server,
            id,
            operation_id,
        };
        let initiate = InitiatePayment {
            payment_id: id,
            order_id: OrderId(Uuid::now_v7()),
            amount: money(1000),
            method_token: "tok_ok".to_owned(),
            capture_mode: CaptureMode::Manual,
        };
        payment.execute(PaymentCommand::Initiate(initiate)).await;
        payment
            .execute(PaymentCommand::Authorize(Authorize { operation_id }))
            .await;
        payment
    }

    async fn ends_as(&self, outcome: AuthorizationOutcome) {
        let record = RecordAuthorization {
            operation_id: self.operation_id,
            outcome,
        };
        self.execute(PaymentCommand::RecordAuthorization(record))
            .await;
    }

    async fn is_captured(&self) {
        let (gateway_ref, expires_at) = ("gw-1".to_owned(), now() + Duration::days(7));
        self.ends_as(AuthorizationOutcome::Authorized {
            amount: money(1000),
            gateway_ref,
            expires_at,
        })
        .await;
        let operation_id = OperationId(Uuid::now_v7());
        let capture = Capture {
            operation_id,
            amount: money(1000),
            is_final: true,
        };
        self.execute(PaymentCommand::Capture(capture)).await;
        let outcome = OperationOutcome::Done {
            amount: money(1000),
        };
        self.execute(PaymentCommand::RecordCapture(RecordCapture {
            operation_id,
            outcome,
        }))
        .await;
    }

    async fn execute(&self, command: PaymentCommand) {
        let payments = &self.server.aggregates.payments;
        payments
            .execute(&self.id.to_string(), command, context())
            .await
            .unwrap();
    }

    fn path(&self, part: &str) -> String {
        format!("/payments/{}{part}", self.id)
    }
}

fn refund(amount_minor: i64) -> Value {
    json!({"amount": eur(amount_minor), "reason": "broken"})
}

#[tokio::test]
async fn what_is_captured_can_be_refunded_up_to_its_amount() {
    let server = Server::new();
    let payment = Authorizing::begin(&server).await;
    payment.is_captured().await;
    let shown = server.get(&payment.path("")).await.body;
    assert_eq!(
        (&shown["state"], &shown["captured"]),
        (&json!("Captured"), &eur(1000))
    );
    assert_eq!(shown["allowed_commands"], json!(["refund"]));

    let much = server.post(&payment.path("/refund"), refund(1001)).await;
    assert_eq!(much.problem(), (422, "payment.exceeds_refundable"));
    assert_eq!(
        much.body["details"],
        json!({"requested": eur(1001), "refundable": eur(1000)})
    );
    let nothing = server.post(&payment.path("/refund"), refund(0)).await;
    assert_eq!(nothing.problem(), (400, "payment.zero_amount"));

    let accepted = server.post(&payment.path("/refund"), refund(400)).await;
    assert_eq!(accepted.status, 202);
    let shown = server.get(&payment.path("")).await.body;
    assert_eq!(
        (
            &shown["in_flight"]["operation"],
            &shown["in_flight"]["amount"]
        ),
        (&json!("Refund"), &eur(400))
    );
}

#[tokio::test]
async fn an_operation_in_flight_is_waited_for_and_nothing_is_remembered() {
    let server = Server::new();
    let payment = Authorizing::begin(&server).await;
    let key = [("Idempotency-Key", "refund-1")];
    let early = server
        .post_with(&payment.path("/refund"), &key, refund(1000).to_string())
        .await;
    assert_eq!(early.problem(), (409, "payment.operation_in_flight"));
    assert_eq!(
        (early.header("Retry-After"), &early.body["current_state"]),
        ("1", &json!("Authorizing"))
    );
    payment.is_captured().await;
    let again = server
        .post_with(&payment.path("/refund"), &key, refund(1000).to_string())
        .await;
    assert_eq!((again.status, again.header("Idempotent-Replay")), (202, ""));
}

#[tokio::test]
async fn the_customers_part_is_completed_once() {
    let server = Server::new();
    let payment = Authorizing::begin(&server).await;
    let expires_at = now() + Duration::minutes(15);
    payment
        .ends_as(AuthorizationOutcome::ActionRequired {
            url: "https://bank.example".to_owned(),
            expires_at,
        })
        .await;
    let shown = server.get(&payment.path("")).await.body;
    assert_eq!(
        (&shown["state"], &shown["allowed_commands"]),
        (&json!("RequiresAction"), &json!(["complete-action"]))
    );
    assert_eq!(
        server
            .post(&payment.path("/complete-action"), json!({}))
            .await
            .status,
        202
    );
    assert_eq!(
        server.get(&payment.path("")).await.body["state"],
        "Authorizing"
    );
}

#[tokio::test]
async fn the_gateway_is_asked_only_about_an_unknown_outcome() {
    let server = Server::new();
    let payment = Authorizing::begin(&server).await;
    let needless = server.post(&payment.path("/reconcile"), json!({})).await;
    assert_eq!(needless.problem(), (409, "payment.operation_in_flight"));
    payment.ends_as(AuthorizationOutcome::Unknown).await;
    assert_eq!(
        server.get(&payment.path("")).await.body["allowed_commands"],
        json!(["reconcile"])
    );
    assert_eq!(
        server
            .post(&payment.path("/reconcile"), json!({}))
            .await
            .status,
        202
    );
}
