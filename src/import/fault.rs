//! What can be wrong with a file and with an invoice in it, as data: the summary counts by it and
//! people read it. Every refusal names the line that it is about.

use orderlog_domain::ids::{CustomerId, Sku};

use super::decimal::DecimalError;

/// An invoice of which nothing is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedInvoice {
    /// Its number; empty where the row names none.
    pub number: String,
    /// The line of the file that the reason is about.
    pub line: u64,
    /// Why.
    pub fault: Fault,
}

/// Why an invoice can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The row is not text.
    #[error("{column} is not UTF-8")]
    NotUtf8 {
        /// The column.
        column: &'static str,
    },
    /// The row has fields too few or too many.
    #[error("it has {found} fields where the header has {expected}")]
    Fields {
        /// Fields of the header.
        expected: usize,
        /// Fields of the row.
        found: usize,
    },
    /// The row names no invoice.
    #[error("`{text}` is no invoice number")]
    InvoiceNumber {
        /// Its beginning.
        text: String,
    },
    /// The product's number is none.
    #[error("`{text}` is no stock code")]
    Sku {
        /// Its beginning.
        text: String,
    },
    /// The quantity is no whole number.
    #[error("the quantity `{text}` is no whole number")]
    Quantity {
        /// Its beginning.
        text: String,
    },
    /// The price is no amount of the currency.
    #[error("the price can't be taken: {0}")]
    Price(#[from] DecimalError),
    /// The customer's number is none.
    #[error("`{text}` is no customer number")]
    Customer {
        /// Its beginning.
        text: String,
    },
    /// The lines of one invoice disagree on whose it is.
    #[error("the invoice is of customer {first}, this line of {other}")]
    SeveralCustomers {
        /// Customer of the first line.
        first: CustomerId,
        /// Customer of this line.
        other: CustomerId,
    },
    /// A sale takes nothing back.
    #[error("a sale needs a positive quantity, {sku} has {quantity}")]
    QuantityNotPositive {
        /// The product.
        sku: Sku,
        /// Its quantity.
        quantity: i64,
    },
    /// A cancelling invoice sells nothing.
    #[error("a cancelling invoice needs negative quantities, {sku} has {quantity}")]
    QuantityNotNegative {
        /// The product.
        sku: Sku,
        /// Its quantity.
        quantity: i64,
    },
    /// More pieces than an order line can have.
    #[error("the quantity of {sku} is too large")]
    QuantityTooLarge {
        /// The product.
        sku: Sku,
    },
    /// Nobody is paid for taking goods.
    #[error("the price of {sku} is negative")]
    NegativePrice {
        /// The product.
        sku: Sku,
    },
    /// More than an amount can say.
    #[error("the invoice's total is too large")]
    TotalTooLarge,
}

impl Fault {
    /// Stable code, for programs and for counting.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotUtf8 { .. } => "import.not_utf8",
            Self::Fields { .. } => "import.wrong_number_of_fields",
            Self::InvoiceNumber { .. } => "import.invalid_invoice_number",
            Self::Sku { .. } => "import.invalid_stock_code",
            Self::Quantity { .. } => "import.invalid_quantity",
            Self::Price(_) => "import.invalid_price",
            Self::Customer { .. } => "import.invalid_customer",
            Self::SeveralCustomers { .. } => "import.several_customers",
            Self::QuantityNotPositive { .. } => "import.quantity_not_positive",
            Self::QuantityNotNegative { .. } => "import.quantity_not_negative",
            Self::QuantityTooLarge { .. } => "import.quantity_too_large",
            Self::NegativePrice { .. } => "import.negative_price",
            Self::TotalTooLarge => "import.total_too_large",
        }
    }
}

/// Why a file can't be taken at all.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It is not in the columns of an invoice file.
    #[error("the file has no column {}", missing.join(", "))]
    MissingColumns {
        /// Those that are missing.
        missing: Vec<&'static str>,
    },
    /// It is not CSV.
    #[error("the file is not readable as CSV: {0}")]
    Csv(#[from] csv::Error),
}
