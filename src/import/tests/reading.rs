//! Files read into invoices, and what is wrong with the others.

use orderlog_domain::ids::Sku;

use super::{CANCELLED, HEADER, SALES, file, pence, pounds, reading, retailers_file};
use crate::import::{
    fault::{Fault, FileError, RefusedInvoice},
    invoice::{Invoice, InvoiceKind, InvoiceLine},
    reading::read,
};

fn sku(text: &str) -> Sku {
    text.parse().unwrap()
}

/// The only invoice of a file that has to be refused.
fn refused(rows: &[[&str; 6]]) -> RefusedInvoice {
    let mut invoices = reading(rows).invoices;
    assert_eq!(invoices.len(), 1);
    invoices.remove(0).unwrap_err()
}

#[test]
fn equal_lines_are_merged_and_another_price_stays_a_line() {
    let read = reading(&[
        ["536365", "85123A", "", "6", "2.55", "17850"],
        ["536365", "71053", "LANTERN", "1", "3.39", "17850"],
        ["536365", "85123A", " HEART ", "4", "2.550", "17850"],
        ["536365", "85123A", "HEART", "2", "2.95", "17850"],
    ]);
    let line = |text: &str, description: &str, quantity, price| InvoiceLine {
        sku: sku(text),
        description: Some(description.to_owned()),
        quantity,
        unit_price: pence(price),
    };
    let expected = Invoice {
        number: "536365".into(),
        line: 2,
        kind: InvoiceKind::Sale,
        customer: "17850".parse().unwrap(),
        lines: vec![
            line("85123A", "HEART", 10, 255),
            line("71053", "LANTERN", 1, 339),
            line("85123A", "HEART", 2, 295),
        ],
        total: pence(2550 + 339 + 590),
    };
    assert_eq!(read.rows, 4);
    assert_eq!(read.invoices, [Ok(expected)]);
}

#[test]
fn an_invoice_without_a_customer_is_of_the_guest() {
    let read = reading(&[["1", "A", "", "1", "1", ""]]);
    assert_eq!(
        read.invoices[0].as_ref().unwrap().customer.as_str(),
        "guest"
    );
}

#[test]
fn rows_of_one_invoice_need_not_follow_each_other() {
    let read = reading(&[
        ["1", "A", "", "1", "1", "7"],
        ["2", "A", "", "1", "1", "8"],
        ["1", "B", "", "1", "1", "7"],
    ]);
    let lines: Vec<_> = read
        .invoices
        .iter()
        .map(|invoice| invoice.as_ref().unwrap().lines.len())
        .collect();
    assert_eq!(lines, [2, 1]);
}

#[test]
fn a_cancelling_invoice_counts_what_comes_back() {
    let read = reading(&[["C536379", "D", "Discount", "-1", "27.50", "14527"]]);
    let invoice = read.invoices[0].as_ref().unwrap();
    assert_eq!(invoice.kind, InvoiceKind::Cancelling);
    assert_eq!((invoice.lines[0].quantity, invoice.total), (1, pence(2750)));
}

#[test]
fn a_bad_row_refuses_its_invoice_with_line_and_reason_and_the_rest_goes_on() {
    let read = reading(&[
        ["1", "A", "", "1", "1", "7"],
        ["2", "A", "", "1", "1", "8"],
        ["1", "A", "", "many", "1", "7"],
    ]);
    let fault = Fault::Quantity {
        text: "many".into(),
    };
    assert_eq!(
        read.invoices[0],
        Err(RefusedInvoice {
            number: "1".into(),
            line: 4,
            fault
        })
    );
    assert!(read.invoices[1].is_ok());
}

#[test]
fn what_no_invoice_can_say_is_refused() {
    for (row, code) in [
        (
            ["1", "A", "", "0", "1", "7"],
            "import.quantity_not_positive",
        ),
        (
            ["1", "A", "", "-3", "1", "7"],
            "import.quantity_not_positive",
        ),
        (
            ["C1", "A", "", "3", "1", "7"],
            "import.quantity_not_negative",
        ),
        (["1", "A", "", "1.5", "1", "7"], "import.invalid_quantity"),
        (
            ["1", "A", "", "99999999999999999999", "1", "7"],
            "import.invalid_quantity",
        ),
        (
            ["1", "A", "", "9999999999", "1", "7"],
            "import.quantity_too_large",
        ),
        (["1", "A", "", "1", "", "7"], "import.invalid_price"),
        (["1", "A", "", "1", "0.005", "7"], "import.invalid_price"),
        (["1", "A", "", "1", "-1", "7"], "import.negative_price"),
        (
            ["1", "A", "", "2", "92233720368547758.07", "7"],
            "import.total_too_large",
        ),
        (["1", "", "", "1", "1", "7"], "import.invalid_stock_code"),
        (["1", "A/B", "", "1", "1", "7"], "import.invalid_stock_code"),
        (["1", "A", "", "1", "1", "a b"], "import.invalid_customer"),
        (
            ["", "A", "", "1", "1", "7"],
            "import.invalid_invoice_number",
        ),
        (
            ["a number far longer than any", "A", "", "1", "1", "7"],
            "import.invalid_invoice_number",
        ),
    ] {
        let refused = refused(&[row]);
        assert_eq!((refused.line, refused.fault.code()), (2, code), "{row:?}");
    }
}

#[test]
fn an_invoice_of_two_customers_is_refused() {
    let refused = refused(&[["1", "A", "", "1", "1", "7"], ["1", "B", "", "1", "1", "8"]]);
    assert_eq!(
        (refused.line, refused.fault.code()),
        (3, "import.several_customers")
    );
}

#[test]
fn a_row_of_other_width_or_no_text_is_refused() {
    let mut content = file(&[["1", "A", "", "1", "1", "7"]]).into_bytes();
    content.extend(b"\n2,A,short\n3,A,caf\xe9,1,2010-12-01 08:26,1,7,Norway\n");
    let read = read(&content, pounds()).unwrap();
    let codes: Vec<_> = read
        .invoices
        .iter()
        .map(|invoice| invoice.as_ref().err().map(|r| r.fault.code()))
        .collect();
    assert_eq!(
        codes,
        [
            None,
            Some("import.wrong_number_of_fields"),
            Some("import.not_utf8")
        ]
    );
}

#[test]
fn columns_may_stand_in_any_order_and_more_are_ignored() {
    let content =
        "Shop,CustomerID,UnitPrice,Quantity,Description,StockCode,InvoiceNo\nx,7,1,2,,A,1";
    let read = read(content.as_bytes(), pounds()).unwrap();
    assert_eq!(read.invoices[0].as_ref().unwrap().total, pence(200));
}

#[test]
fn a_file_without_the_columns_is_refused_as_a_whole() {
    let missing = read(b"InvoiceNo,Quantity,Price\n1,1,1", pounds()).unwrap_err();
    let FileError::MissingColumns { missing } = missing else {
        panic!("{missing}")
    };
    assert_eq!(
        missing,
        ["StockCode", "Description", "UnitPrice", "CustomerID"]
    );
    assert!(matches!(
        read(b"", pounds()),
        Err(FileError::MissingColumns { .. })
    ));
}

#[test]
fn a_header_alone_is_a_file_without_invoices() {
    let read = read(HEADER.as_bytes(), pounds()).unwrap();
    assert_eq!((read.rows, read.invoices.len()), (0, 0));
}

#[test]
fn the_retailers_file_is_read_to_the_penny() {
    let Some(content) = retailers_file() else {
        return;
    };
    let read = read(&content, pounds()).unwrap();
    let (taken, refused): (Vec<_>, Vec<_>) = read.invoices.into_iter().partition(Result::is_ok);
    let taken: Vec<Invoice> = taken.into_iter().flatten().collect();
    let sum = |kind| {
        let of_kind = taken.iter().filter(|invoice| invoice.kind == kind);
        of_kind
            .map(|invoice| invoice.total.amount_minor)
            .sum::<i64>()
    };
    assert_eq!((read.rows, taken.len(), refused.len()), (5_217, 308, 2));
    assert_eq!(
        (sum(InvoiceKind::Sale), sum(InvoiceKind::Cancelling)),
        (SALES, CANCELLED)
    );
}
