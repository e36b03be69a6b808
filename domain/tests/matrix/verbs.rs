//! What operators may ask of the fulfilment of an order for 20.00 EUR, rightly or by mistake.

use orderlog_domain::{
    fulfilment::{
        CompensateNow, FulfilmentCommand, Intervention, Resolution, ResolveFulfilment,
        ResumeFulfilment, RetryStep, SkipStep,
    },
    money::{Currency, Money},
};

use crate::Asked;

pub(crate) fn verbs() -> Vec<Asked<FulfilmentCommand>> {
    let retry = |intervention| FulfilmentCommand::RetryStep(RetryStep { intervention });
    let skip = |amount| {
        FulfilmentCommand::SkipStep(SkipStep {
            intervention: intervention("by hand"),
            amount,
        })
    };
    let compensate = FulfilmentCommand::CompensateNow(CompensateNow {
        intervention: intervention("the customer rang"),
    });
    let resume = FulfilmentCommand::Resume(ResumeFulfilment {
        intervention: intervention("mended"),
    });
    [
        ("RetryStep", "", retry(intervention("mended"))),
        ("RetryStep", "without a reason", retry(intervention(" "))),
        ("SkipStep", "", skip(None)),
        ("SkipStep", "20.00 EUR", skip(Some(money(2000, "EUR")))),
        ("SkipStep", "19.99 EUR", skip(Some(money(1999, "EUR")))),
        ("SkipStep", "20.00 GBP", skip(Some(money(2000, "GBP")))),
        ("CompensateNow", "", compensate),
        ("ResumeFulfilment", "", resume),
        (
            "ResolveFulfilment",
            "as completed",
            resolve(Resolution::Completed),
        ),
        (
            "ResolveFulfilment",
            "as compensated",
            resolve(Resolution::Compensated),
        ),
    ]
    .map(|(command, variant, says)| Asked {
        command,
        variant,
        says,
    })
    .into()
}

pub(crate) fn resolve(resolution: Resolution) -> FulfilmentCommand {
    FulfilmentCommand::Resolve(ResolveFulfilment {
        intervention: intervention("by hand"),
        resolution,
    })
}

fn intervention(reason: &str) -> Intervention {
    Intervention {
        actor: "ada".to_owned(),
        reason: reason.to_owned(),
    }
}

fn money(minor: i64, currency: &str) -> Money {
    Money::new(minor, Currency::from_code(currency).expect("a currency"))
}
