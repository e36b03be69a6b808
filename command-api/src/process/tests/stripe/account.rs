//! The books of one Stripe account, kept as Stripe's documentation says: what each request does to a
//! payment intent in which status, and with which body it is refused.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// Parameters, in Stripe's own notation.
pub(super) type Form = BTreeMap<String, String>;

/// Status and body of an answer.
pub(super) type Answered = (u16, Value);

/// What is kept.
#[derive(Default)]
pub(super) struct Account {
    pub(super) intents: Vec<Intent>,
    pub(super) refunds: Vec<Refund>,
    /// Confirmations that reached a bank: more than one for a payment would be a second charge.
    pub(super) charges: usize,
}

/// A payment intent.
#[derive(Clone, Debug)]
pub(super) struct Intent {
    pub(super) id: String,
    pub(super) status: &'static str,
    pub(super) amount: i64,
    pub(super) received: i64,
    pub(super) metadata: Map<String, Value>,
    currency: String,
    method: String,
    error: Option<Value>,
}

/// A refund.
#[derive(Clone, Debug)]
pub(super) struct Refund {
    pub(super) status: &'static str,
    pub(super) amount: i64,
    intent: String,
    metadata: Map<String, Value>,
}

impl Account {
    /// Carries out a request.
    pub(super) fn answer(&mut self, method: &str, path: &[&str], form: &Form) -> Answered {
        match (method, path) {
            ("POST", ["payment_intents"]) => self.open(form),
            ("GET", ["payment_intents", "search"]) => self.search(form),
            ("GET", ["payment_intents", id]) => self.with(id, |intent| (200, intent.json())),
            ("POST", ["payment_intents", id, "confirm"]) => self.confirm(id, form),
            ("POST", ["payment_intents", id, "capture"]) => {
                self.with(id, |intent| intent.capture(form))
            }
            ("POST", ["payment_intents", id, "cancel"]) => self.with(id, Intent::cancel),
            ("POST", ["refunds"]) => self.refund(form),
            ("GET", ["refunds"]) => self.list_refunds(form),
            _ => (
                404,
                error("invalid_request_error", "route_missing", json!({})),
            ),
        }
    }

    /// The customer does what his bank asks, or fails to.
    pub(super) fn customer_acts(&mut self, succeeds: bool) {
        for intent in &mut self.intents {
            if intent.status == "requires_action" && succeeds {
                intent.status = "requires_capture";
            } else if intent.status == "requires_action" {
                intent.decline("payment_intent_authentication_failure", None);
            }
        }
    }

    fn with(&mut self, id: &str, act: impl FnOnce(&mut Intent) -> Answered) -> Answered {
        match self.intents.iter_mut().find(|intent| intent.id == id) {
            Some(intent) => act(intent),
            None => missing("payment_intent"),
        }
    }

    fn open(&mut self, form: &Form) -> Answered {
        let amount = number(form, "amount");
        if amount < 50 {
            let code = "amount_too_small";
            return (400, error("invalid_request_error", code, json!({})));
        }
        assert_eq!(form["capture_method"], "manual");
        let intent = Intent {
            id: format!("pi_{}", self.intents.len() + 1),
            status: "requires_payment_method",
            amount,
            received: 0,
            metadata: metadata(form),
            currency: form["currency"].clone(),
            method: String::new(),
            error: None,
        };
        let json = intent.json();
        self.intents.push(intent);
        (200, json)
    }

    fn confirm(&mut self, id: &str, form: &Form) -> Answered {
        let mut charges = 0;
        let answered = self.with(id, |intent| intent.confirm(form, &mut charges));
        self.charges += charges;
        answered
    }

    fn search(&self, form: &Form) -> Answered {
        let found: Vec<Value> = self
            .intents
            .iter()
            .filter(|intent| {
                let wanted = |(key, value): (&String, &Value)| {
                    let value = value.as_str().unwrap_or_default();
                    form["query"] == format!("metadata['{key}']:'{value}'")
                };
                intent.metadata.iter().any(wanted)
            })
            .map(Intent::json)
            .collect();
        (200, json!({"object": "search_result", "data": found}))
    }

    fn refund(&mut self, form: &Form) -> Answered {
        let id = &form["payment_intent"];
        let Some(intent) = self.intents.iter().find(|intent| intent.id == *id) else {
            return missing("payment_intent");
        };
        let amount = number(form, "amount");
        let given_back = self.refunds.iter().filter(|refund| refund.intent == *id);
        let left = intent.received - given_back.map(|refund| refund.amount).sum::<i64>();
        if amount > left {
            let code = "charge_already_refunded";
            return (400, error("invalid_request_error", code, json!({})));
        }
        let status = match intent.method.as_str() {
            "pm_card_refundFail" => "failed",
            "pm_card_pendingRefund" => "pending",
            _ => "succeeded",
        };
        let refund = Refund {
            status,
            amount,
            intent: id.clone(),
            metadata: metadata(form),
        };
        let json = refund.json();
        self.refunds.push(refund);
        (200, json)
    }

    fn list_refunds(&self, form: &Form) -> Answered {
        let of = |refund: &&Refund| refund.intent == form["payment_intent"];
        let found: Vec<Value> = self
            .refunds
            .iter()
            .rev()
            .filter(of)
            .map(Refund::json)
            .collect();
        (200, json!({"object": "list", "data": found}))
    }
}

impl Intent {
    fn confirm(&mut self, form: &Form, charges: &mut usize) -> Answered {
        if self.status != "requires_payment_method" {
            return self.unexpected();
        }
        assert!(form["return_url"].starts_with("https://"));
        self.method = form["payment_method"].clone();
        self.error = None;
        match self.method.as_str() {
            "pm_card_chargeDeclined" => return self.declined("generic_decline"),
            "pm_card_chargeDeclinedInsufficientFunds" => {
                return self.declined("insufficient_funds");
            }
            "pm_card_chargeDeclinedProcessingError" => return self.declined("processing_error"),
            "pm_card_threeDSecure2Required" => self.status = "requires_action",
            method if method.starts_with("pm_card_") => self.status = "requires_capture",
            _ => return missing("payment_method"),
        }
        *charges += 1;
        (200, self.json())
    }

    fn capture(&mut self, form: &Form) -> Answered {
        if self.status != "requires_capture" {
            return self.unexpected();
        }
        if self.method == "pm_card_captureFails" {
            let code = "charge_expired_for_capture";
            return (400, error("invalid_request_error", code, json!({})));
        }
        self.status = "succeeded";
        self.received = number(form, "amount_to_capture");
        self.metadata.extend(metadata(form));
        (200, self.json())
    }

    fn cancel(&mut self) -> Answered {
        if matches!(self.status, "succeeded" | "canceled") {
            return self.unexpected();
        }
        self.status = "canceled";
        (200, self.json())
    }

    fn declined(&mut self, decline_code: &str) -> Answered {
        let code = match decline_code {
            "processing_error" => "processing_error",
            _ => "card_declined",
        };
        self.decline(code, Some(decline_code));
        let mut body = json!({"error": self.error});
        body["error"]["payment_intent"] = self.json();
        (402, body)
    }

    fn decline(&mut self, code: &str, decline_code: Option<&str>) {
        self.status = "requires_payment_method";
        let message = "Your card was declined.";
        self.error = Some(
            json!({"type": "card_error", "code": code, "decline_code": decline_code, "message": message}),
        );
    }

    fn unexpected(&self) -> Answered {
        let intent = json!({"payment_intent": self.json()});
        let code = "payment_intent_unexpected_state";
        (400, error("invalid_request_error", code, intent))
    }

    fn json(&self) -> Value {
        let held = self.status == "requires_capture";
        let page = json!({"type": "redirect_to_url", "redirect_to_url": {"url": "https://hooks.stripe.com/3ds", "return_url": "https://shop.example/back"}});
        json!({
            "id": self.id, "object": "payment_intent", "status": self.status, "amount": self.amount,
            "amount_capturable": if held { self.amount } else { 0 }, "amount_received": self.received,
            "currency": self.currency, "created": CREATED, "metadata": self.metadata,
            "next_action": if self.status == "requires_action" { page } else { Value::Null },
            "last_payment_error": self.error,
            "latest_charge": if held { charge() } else { Value::Null },
        })
    }
}

impl Refund {
    fn json(&self) -> Value {
        let reason = (self.status == "failed").then_some("expired_or_canceled_card");
        json!({
            "id": "re_1", "object": "refund", "status": self.status, "amount": self.amount,
            "currency": "eur", "payment_intent": self.intent, "metadata": self.metadata,
            "failure_reason": reason,
        })
    }
}

/// When everything here was made, seconds since 1970: the instant at which the tests begin.
const CREATED: i64 = 1_800_000_000;

/// Money is held for six days.
fn charge() -> Value {
    let card = json!({"capture_before": CREATED + 6 * 86_400});
    json!({"id": "ch_1", "object": "charge", "payment_method_details": {"type": "card", "card": card}})
}

/// The body of a refusal, with members of its own.
pub(super) fn error(kind: &str, code: &str, members: Value) -> Value {
    let mut error = json!({"type": kind, "code": code, "message": "as documented"});
    if let (Some(error), Value::Object(members)) = (error.as_object_mut(), members) {
        error.extend(members);
    }
    json!({"error": error})
}

fn missing(what: &str) -> Answered {
    let code = "resource_missing";
    (
        400,
        error("invalid_request_error", code, json!({"param": what})),
    )
}

fn number(form: &Form, name: &str) -> i64 {
    form[name].parse().unwrap()
}

fn metadata(form: &Form) -> Map<String, Value> {
    let of = |(name, value): (&String, &String)| {
        let name = name.strip_prefix("metadata[")?.strip_suffix(']')?;
        Some((name.to_owned(), json!(value)))
    };
    form.iter().filter_map(of).collect()
}
