//! A small file of invoices with all that real ones have: many lines, the same product twice, hot
//! products, several prices, zero prices, cancellations that match and that do not.

use std::fmt::Write;

/// `sales` invoices and a few that cancel some of them.
pub(crate) fn csv(sales: u32) -> String {
    let mut csv =
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
            .to_owned();
    let mut line = |invoice: &str, sku: u32, quantity: i64, price: &str, customer: u32| {
        let name = format!("PRODUCT {sku}");
        writeln!(
            csv,
            "{invoice},{sku},{name},{quantity},2010-12-01 08:26,{price},{customer},France"
        )
        .unwrap();
    };
    for sale in 0..sales {
        let number = (536_000 + sale).to_string();
        let customer = 12_000 + sale % 17;
        for place in 0..1 + sale % 23 {
            let sku = 100 + (sale * 7 + place * place) % 61;
            let price = if place % 5 == 4 { "1.25" } else { "2.55" };
            line(
                &number,
                sku,
                i64::from(1 + (sale + place) % 9),
                price,
                customer,
            );
        }
        // Half of all invoices want the same product, one in eleven nothing that costs anything.
        line(
            &number,
            if sale % 2 == 0 { 99 } else { 98 },
            2,
            if sale % 11 == 3 { "0" } else { "0.85" },
            customer,
        );
    }
    for cancelled in [4, 23] {
        let number = format!("C{}", 536_000 + cancelled);
        let customer = 12_000 + cancelled % 17;
        for place in 0..1 + cancelled % 23 {
            let sku = 100 + (cancelled * 7 + place * place) % 61;
            let price = if place % 5 == 4 { "1.25" } else { "2.55" };
            line(
                &number,
                sku,
                -i64::from(1 + (cancelled + place) % 9),
                price,
                customer,
            );
        }
        line(
            &number,
            if cancelled % 2 == 0 { 99 } else { 98 },
            -2,
            "0.85",
            customer,
        );
    }
    line("C999999", 100, -1, "2.55", 12_000);
    csv
}
