//! The page of a saga that needs somebody, as a reader sees it.

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::cli::saga::story;

#[test]
fn a_page_says_how_it_stands_before_it_says_what_happened() {
    let at = |second: u32| format!("2026-01-01T00:00:{second:02}Z");
    let told = json!({
        "orderId": "0199d7a4-5c1e-7e0a-8a51-2f6a3d5f1b10",
        "step": "COMPENSATING", "status": "NEEDS_OPERATOR", "startedAt": at(0), "endedAt": null,
        "order": {
            "reference": "R-1", "total": { "formatted": "25.00 EUR" }, "status": "CANCELLING",
            "paymentStatus": "PAID", "fulfillmentStatus": "UNFULFILLED",
        },
        "story": {
            "position": "42",
            "standing": {
                "waitsFor": "a person: void or refund keeps failing: refund_refused", "since": at(9),
                "overdue": ["not run out: ask the gateway again"], "advice": ["Settle it there."], "possible": ["retry"],
            },
            "steps": [
                { "step": "RESERVING", "beganAt": at(0), "endedAt": at(5), "reason": null },
                { "step": "COMPENSATING", "beganAt": at(5), "endedAt": null, "reason": "cancellation requested" },
            ],
            "timers": [
                { "purpose": "RECONCILE", "dueAt": at(8), "state": "RUNS" },
                { "purpose": "ANSWER", "dueAt": at(1), "state": "CANCELLED" },
            ],
            "calls": [{
                "operationId": "00000000-0000-0000-0000-000000000007", "operation": "REFUND",
                "amount": { "formatted": "25.00 EUR" }, "outcome": "FAILED", "detail": "refund_refused", "asked": 0,
            }],
            "compensations": [
                { "undoes": "RESERVING", "what": "2 of MUG-1 held in main", "by": "ReleaseReservation", "attempts": 1, "state": "DONE", "code": null },
                { "undoes": "CAPTURING", "what": "25.00 EUR taken", "by": "Refund", "attempts": 2, "state": "FAILED", "code": "refund_refused" },
            ],
            "moments": [{
                "source": "ORDER", "title": "Cancellation requested", "actor": "ada", "occurredAt": at(5),
                "facts": [{ "name": "reason", "text": "changed my mind" }],
            }],
        },
    });
    let now: DateTime<Utc> = "2026-01-01T00:01:09Z".parse().expect("an instant");
    let mut page = Vec::new();
    let saga = story::read(told).expect("a saga");
    super::write(&mut page, &saga, now).expect("a page");
    let plain = anstream::adapter::strip_bytes(&page).into_vec();
    let plain = String::from_utf8(plain).expect("text");
    let expected = "\
Saga of order 0199d7a4-5c1e-7e0a-8a51-2f6a3d5f1b10: needs operator, at step compensating
  order      R-1, 25.00 EUR; cancelling, paid, unfulfilled
  began      2026-01-01 00:00:00Z, 1m 9s ago
  waits for  a person: void or refund keeps failing: refund_refused
  since      2026-01-01 00:00:09Z, 1m ago
  overdue    not run out: ask the gateway again
  to do      Settle it there.
  possible   orderlog saga retry 0199d7a4-5c1e-7e0a-8a51-2f6a3d5f1b10 --reason TEXT

Steps
  01-01 00:00:00.000  reserving          5s
  01-01 00:00:05.000  compensating       for 1m 4s     because: cancellation requested

To be undone
  reserving    2 of MUG-1 held in main: undone (ReleaseReservation)
  capturing    25.00 EUR taken: FAILED refund_refused (Refund, tried 2 times)

At the payment gateway
  refund          25.00 EUR  failed refund_refused  operation 00000000-0000-0000-0000-000000000007

Timers that run
  reconcile          2026-01-01 00:00:08Z, due 1m 1s ago

What happened
  01-01 00:00:05.000  order      Cancellation requested by ada  reason changed my mind

as of position 42 of the log; --json has every command with its id and reply
";
    let lines = |text: &str| -> Vec<String> {
        text.lines()
            .map(|line| line.trim_end().to_owned())
            .collect()
    };
    assert_eq!(lines(&plain), lines(expected), "{plain}");
}
