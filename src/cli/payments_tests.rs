//! Which options about payments are taken, and what is said of the others.

use clap::Parser;

use super::*;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    payments: PaymentArgs,
}

fn payments(arguments: &[&str], roles: Roles) -> Result<Payments, Failure> {
    let line = Line::try_parse_from([&["orderlog"], arguments].concat());
    line.expect("it parses").payments.payments(roles)
}

fn refused(arguments: &[&str], says: &str) {
    let refused = payments(arguments, Roles::ALL).expect_err("refused");
    assert!(refused.to_string().contains(says), "{refused}");
}

const KEY: [&str; 2] = ["--stripe-api-key", "sk_test_1"];
const STRIPE: [&str; 2] = ["--payment-gateway", "stripe"];
const BACK: [&str; 2] = ["--stripe-return-url", "https://shop.example/back"];

#[test]
fn payments_are_simulated_unless_somebody_says_otherwise() {
    let simulated = payments(&[], Roles::ALL).expect("taken");
    assert!(simulated.stripe.is_none() && simulated.webhook_secret.is_none());
    let all = [KEY, STRIPE, BACK, ["--stripe-webhook-secret", "whsec_1"]].concat();
    let stripe = payments(&all, Roles::ALL).expect("taken");
    assert!(stripe.stripe.is_some() && stripe.webhook_secret.is_some());
}

#[test]
fn each_role_takes_what_it_needs() {
    let all = [KEY, STRIPE, BACK, ["--stripe-webhook-secret", "whsec_1"]].concat();
    let commands = Roles {
        command_api: true,
        ..Roles::NONE
    };
    let taken = payments(&all, commands).expect("taken");
    assert!(taken.stripe.is_none() && taken.webhook_secret.is_some());
    let process = Roles {
        process: true,
        ..Roles::NONE
    };
    let taken = payments(&all, process).expect("taken");
    assert!(taken.stripe.is_some() && taken.webhook_secret.is_none());
    // A role that calls nobody asks for no key.
    payments(&STRIPE, commands).expect("taken");
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    refused(&KEY, "payments are simulated");
    refused(&STRIPE, "asks for --stripe-api-key");
    refused(&[KEY, STRIPE].concat(), "asks for --stripe-return-url");
    let publishable = ["--stripe-api-key", "pk_test_1"];
    refused(&[publishable, STRIPE, BACK].concat(), "publishable");
    let elsewhere = ["--stripe-url", "api.stripe.com"];
    refused(&[KEY, STRIPE, BACK, elsewhere].concat(), "no address");
    refused(&["--stripe-webhook-secret", "sk_test_1"], "whsec_");
}
