//! The states of a saga, as enums of the schema.

use async_graphql::Enum;
use orderlog_domain::fulfilment;
use orderlog_projections::sagas;

/// Where a saga is; the steps of the happy path in their order, then the way back and the ends.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(name = "SagaStep", remote = "fulfilment::Step")]
pub enum Step {
    /// Stock is being held for every line.
    Reserving,
    /// The payment is being authorized.
    Authorizing,
    /// The customer has to act, such as with 3-D Secure.
    AwaitingCustomer,
    /// What became of the authorization is unknown; the gateway is being asked.
    Reconciling,
    /// Stock is being made certain, then the order.
    Confirming,
    /// The goods are being packed.
    Preparing,
    /// The payment is being captured: from here on, undo means refund.
    Capturing,
    /// The shipment may leave, and leaves.
    Dispatching,
    /// The goods are on the way.
    AwaitingDelivery,
    /// What was done is being undone.
    Compensating,
    /// Everything was delivered.
    Completed,
    /// Everything is undone.
    Compensated,
}

/// How a saga is doing.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "sagas::SagaStatus")]
pub enum SagaStatus {
    /// Commands are under way.
    Running,
    /// It waits for somebody, or for a timer.
    Waiting,
    /// Something failed and is being tried again.
    Retrying,
    /// What was done is being undone.
    Compensating,
    /// A person has to look.
    NeedsOperator,
    /// Everything was delivered. The end.
    Completed,
    /// Everything is undone. The end.
    Compensated,
}

/// What would bring a saga forward.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(name = "SagaWaitsFor", remote = "sagas::Awaited")]
pub enum Awaited {
    /// Nothing: it has ended.
    Nothing,
    /// Replies to commands.
    Replies,
    /// The payment gateway.
    Gateway,
    /// The customer's part of the payment.
    Customer,
    /// The goods to be packed.
    Packing,
    /// The shipment to leave.
    Dispatch,
    /// The goods to arrive.
    Delivery,
    /// A timer.
    Timer,
    /// News of the order.
    OrderNews,
}

/// What an operator can do about a saga.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(name = "SagaVerb", remote = "sagas::Verb")]
pub enum Verb {
    /// Have what went wrong issued again.
    Retry,
    /// Take what the step did not get as done by hand.
    Skip,
    /// Turn back.
    Compensate,
    /// Let it go on.
    Resume,
    /// End it by hand.
    Resolve,
}
