//! Why an order refuses a command.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    ids::{ShipmentId, Sku},
    money::{Currency, Money},
    refusal::{Refusal, RefusalClass},
};

use super::{OrderStatus, ShipmentPhase};

/// A refused command, with what the sender needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum OrderRefusal {
    /// The order was not placed.
    #[error("there is no such order")]
    OrderNotFound,
    /// The order was placed before.
    #[error("the order exists already")]
    OrderExists,
    /// Nothing was ordered.
    #[error("an order needs at least one line")]
    EmptyOrder,
    /// More lines than an order takes.
    #[error("{lines} lines, at most {limit} are allowed")]
    TooManyLines {
        /// Lines sent.
        lines: usize,
        /// Lines allowed.
        limit: usize,
    },
    /// A quantity that nobody can order.
    #[error("line {line}: quantity {quantity} is not within 1..={limit}")]
    QuantityOutOfRange {
        /// The line.
        line: u32,
        /// Its quantity.
        quantity: i64,
        /// The most that is allowed.
        limit: u32,
    },
    /// The same product at the same price in two lines.
    #[error("line {line} repeats line {first}: {sku} at the same price")]
    DuplicateLine {
        /// The later line.
        line: u32,
        /// The earlier line.
        first: u32,
        /// The product of both.
        sku: Sku,
    },
    /// An amount in another currency than the order's.
    #[error("the order is in {expected}, an amount is in {found}")]
    CurrencyMismatch {
        /// The line; absent when the amount is the order's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<u32>,
        /// The order's currency.
        expected: Currency,
        /// The amount's currency.
        found: Currency,
    },
    /// An amount below zero, or a discount larger than its line.
    #[error("the {amount} is negative: {value}")]
    NegativeAmount {
        /// The line; absent when the amount is the order's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<u32>,
        /// Which amount.
        amount: Amount,
        /// Its value.
        value: Money,
    },
    /// Amounts too large to be added up.
    #[error("the amounts are too large")]
    AmountOverflow {
        /// The line; absent when the sum is too large.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<u32>,
    },
    /// A tax rate that no product can have.
    #[error("line {line}: a tax of {basis_points} basis points is not within 0..={limit}")]
    TaxOutOfRange {
        /// The line.
        line: u32,
        /// Its rate.
        basis_points: u32,
        /// The most that is allowed.
        limit: u32,
    },
    /// The client expected another total.
    #[error("the total is {computed}, {expected} was expected")]
    TotalMismatch {
        /// What the client expected.
        expected: Money,
        /// What the order costs.
        computed: Money,
        /// How that comes about.
        lines: Vec<PricedLine>,
    },
    /// Something has to be paid, and nobody said how.
    #[error("a payment method is required to pay {total}")]
    PaymentMethodRequired {
        /// What has to be paid.
        total: Money,
    },
    /// A text longer than the field takes, or empty where it must not be.
    #[error("{field} must have 1 to {limit} characters")]
    TextOutOfRange {
        /// The field.
        field: String,
        /// Characters allowed.
        limit: usize,
    },
    /// Products that are not in the catalogue.
    #[error("not in the catalogue: {}", listed(skus))]
    UnknownProduct {
        /// Every one of them.
        skus: Vec<Sku>,
    },
    /// Products that are no longer sold.
    #[error("no longer sold: {}", listed(skus))]
    Discontinued {
        /// Every one of them.
        skus: Vec<Sku>,
    },
    /// The order's state does not allow the command.
    #[error("not possible while the order is {status}")]
    InvalidState {
        /// The order's state.
        status: OrderStatus,
    },
    /// The order has ended.
    #[error("the order is {status}")]
    AlreadyClosed {
        /// How it ended.
        status: OrderStatus,
    },
    /// The order is being cancelled.
    #[error("the order is being cancelled")]
    CancellationInProgress,
    /// Everything has left; what is left to do is a return.
    #[error("everything has been dispatched: nothing is left to cancel")]
    NothingCancellable,
    /// A shipment that was not dispatched is still open.
    #[error("a shipment is still open")]
    CompensationIncomplete {
        /// The open shipments.
        open_shipments: Vec<ShipmentId>,
    },
    /// A shipment with this id exists.
    #[error("shipment {shipment_id} exists already")]
    ShipmentExists {
        /// The shipment.
        shipment_id: ShipmentId,
    },
    /// The order has no such line of that product.
    #[error("the order has no line {line} of {sku}")]
    LineNotFound {
        /// The line.
        line: u32,
        /// The product.
        sku: Sku,
    },
    /// A shipment carries more than is left to ship.
    #[error("line {line} has {open} pieces left to ship, {quantity} were asked for")]
    LinesAlreadyShipped {
        /// The line.
        line: u32,
        /// Pieces asked for.
        quantity: u32,
        /// Pieces that no shipment carries yet.
        open: u32,
    },
    /// A shipment needs at least one line.
    #[error("a shipment needs at least one line")]
    EmptyShipment,
    /// The order has no such shipment.
    #[error("the order has no shipment {shipment_id}")]
    ShipmentNotFound {
        /// The shipment.
        shipment_id: ShipmentId,
    },
    /// The shipment was cancelled, or is past the step.
    #[error("shipment {shipment_id} is {phase} already")]
    ShipmentClosed {
        /// The shipment.
        shipment_id: ShipmentId,
        /// How far it is.
        phase: ShipmentPhase,
    },
    /// Only a packed shipment can be released.
    #[error("shipment {shipment_id} is not packed")]
    ShipmentNotPacked {
        /// The shipment.
        shipment_id: ShipmentId,
    },
    /// Only a released shipment can leave.
    #[error("shipment {shipment_id} is not released")]
    ShipmentNotReleased {
        /// The shipment.
        shipment_id: ShipmentId,
    },
    /// Nothing leaves before it is paid for.
    #[error("shipment {shipment_id} is not paid for")]
    CaptureRequired {
        /// The shipment.
        shipment_id: ShipmentId,
    },
    /// Only a dispatched shipment can arrive.
    #[error("shipment {shipment_id} has not been dispatched")]
    ShipmentNotDispatched {
        /// The shipment.
        shipment_id: ShipmentId,
    },
    /// The shipment has left.
    #[error("shipment {shipment_id} has been dispatched")]
    AlreadyDispatched {
        /// The shipment.
        shipment_id: ShipmentId,
    },
}

/// Which amount of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Amount {
    /// Price of one piece.
    UnitPrice,
    /// What is taken off a line.
    Discount,
    /// What is left of a line after its discount.
    Line,
    /// What shipping costs.
    Shipping,
}

impl std::fmt::Display for Amount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::UnitPrice => "unit price",
            Self::Discount => "discount",
            Self::Line => "line after its discount",
            Self::Shipping => "shipping",
        })
    }
}

/// How a line counts towards the total.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricedLine {
    /// The line.
    pub line: u32,
    /// The product.
    pub sku: Sku,
    /// Price of one piece.
    pub unit_price: Money,
    /// What the customer would pay for the line.
    pub total: Money,
}

impl Refusal for OrderRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::OrderNotFound => "order.not_found",
            Self::OrderExists => "order.exists",
            Self::EmptyOrder => "order.empty",
            Self::TooManyLines { .. } => "order.too_many_lines",
            Self::QuantityOutOfRange { .. } => "order.quantity_out_of_range",
            Self::DuplicateLine { .. } => "order.duplicate_line",
            Self::CurrencyMismatch { .. } => "order.currency_mismatch",
            Self::NegativeAmount { .. } => "order.negative_amount",
            Self::AmountOverflow { .. } => "order.amount_overflow",
            Self::TaxOutOfRange { .. } => "order.tax_out_of_range",
            Self::TotalMismatch { .. } => "order.total_mismatch",
            Self::PaymentMethodRequired { .. } => "order.payment_method_required",
            Self::TextOutOfRange { .. } => "order.text_out_of_range",
            Self::UnknownProduct { .. } => "order.unknown_product",
            Self::Discontinued { .. } => "order.product_discontinued",
            Self::InvalidState { .. } => "order.invalid_state",
            Self::AlreadyClosed { .. } => "order.already_closed",
            Self::CancellationInProgress => "order.cancellation_in_progress",
            Self::NothingCancellable => "order.nothing_cancellable",
            Self::CompensationIncomplete { .. } => "order.compensation_incomplete",
            Self::ShipmentExists { .. } => "order.shipment_exists",
            Self::LineNotFound { .. } => "order.line_not_found",
            Self::LinesAlreadyShipped { .. } => "order.lines_already_shipped",
            Self::EmptyShipment => "order.empty_shipment",
            Self::ShipmentNotFound { .. } => "order.shipment_not_found",
            Self::ShipmentClosed { .. } => "order.shipment_closed",
            Self::ShipmentNotPacked { .. } => "order.shipment_not_packed",
            Self::ShipmentNotReleased { .. } => "order.shipment_not_released",
            Self::CaptureRequired { .. } => "order.capture_required",
            Self::ShipmentNotDispatched { .. } => "order.shipment_not_dispatched",
            Self::AlreadyDispatched { .. } => "order.already_dispatched",
        }
    }

    fn class(&self) -> RefusalClass {
        match self {
            Self::TextOutOfRange { .. } => RefusalClass::Malformed,
            Self::OrderNotFound | Self::ShipmentNotFound { .. } => RefusalClass::NotFound,
            Self::CompensationIncomplete { .. } => RefusalClass::NotYet,
            Self::OrderExists
            | Self::InvalidState { .. }
            | Self::AlreadyClosed { .. }
            | Self::CancellationInProgress
            | Self::NothingCancellable
            | Self::ShipmentExists { .. }
            | Self::ShipmentClosed { .. }
            | Self::ShipmentNotPacked { .. }
            | Self::ShipmentNotReleased { .. }
            | Self::ShipmentNotDispatched { .. }
            | Self::AlreadyDispatched { .. } => RefusalClass::State,
            Self::EmptyOrder
            | Self::TooManyLines { .. }
            | Self::QuantityOutOfRange { .. }
            | Self::DuplicateLine { .. }
            | Self::CurrencyMismatch { .. }
            | Self::NegativeAmount { .. }
            | Self::AmountOverflow { .. }
            | Self::TaxOutOfRange { .. }
            | Self::TotalMismatch { .. }
            | Self::PaymentMethodRequired { .. }
            | Self::UnknownProduct { .. }
            | Self::Discontinued { .. }
            | Self::LineNotFound { .. }
            | Self::LinesAlreadyShipped { .. }
            | Self::EmptyShipment
            | Self::CaptureRequired { .. } => RefusalClass::Rule,
        }
    }
}

fn listed(skus: &[Sku]) -> String {
    let names: Vec<String> = skus.iter().map(ToString::to_string).collect();
    names.join(", ")
}
