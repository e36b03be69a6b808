//! What each command does in each state of its aggregate, as one reviewable file per aggregate:
//! `golden/matrix/<name>.txt`. Also holds `allowed_commands` to it: a command that changes
//! something is listed, one that the state always refuses is not.

mod golden;

#[path = "matrix/contact.rs"]
mod contact;
#[path = "matrix/fulfilment.rs"]
mod fulfilment;
#[path = "matrix/notification.rs"]
mod notification;
#[path = "matrix/order.rs"]
mod order;
#[path = "matrix/payment.rs"]
mod payment;
#[path = "matrix/payment_commands.rs"]
mod payment_commands;
#[path = "matrix/product.rs"]
mod product;
#[path = "matrix/stock.rs"]
mod stock;
#[path = "matrix/webhook.rs"]
mod webhook;

use std::{collections::BTreeMap, fmt::Write, fs};

use cqrs_es::{Aggregate, DomainEvent, test::TestFramework};
use orderlog_domain::{
    DecidedAt,
    refusal::{Refusal, RefusalClass},
};

#[test]
fn every_command_to_every_product() {
    check(
        "product",
        &product::lives(),
        &product::commands(),
        |state, at| (state.state_name().to_owned(), state.allowed_commands(at)),
    );
}

#[test]
fn every_command_to_every_stock_item() {
    check("stock", &stock::lives(), &stock::commands(), |state, at| {
        (state.state_name().to_owned(), state.allowed_commands(at))
    });
}

#[test]
fn every_command_to_every_payment() {
    check(
        "payment",
        &payment::lives(),
        &payment::commands(),
        |state, at| (state.state_name().to_owned(), state.allowed_commands(at)),
    );
}

#[test]
fn every_command_to_every_order() {
    check("order", &order::lives(), &order::commands(), |state, at| {
        (state.state_name().to_owned(), state.allowed_commands(at))
    });
}

#[test]
fn all_news_to_every_fulfilment() {
    let mut events = Events::default();
    let text = fulfilment::matrix(|event| events.see(std::slice::from_ref(event)));
    events.add_missing();
    compare("fulfilment.txt", &text);
}

#[test]
fn every_command_to_every_notification() {
    check(
        "notification",
        &notification::lives(),
        &notification::commands(),
        |state, at| (state.state_name().to_owned(), state.allowed_commands(at)),
    );
}

#[test]
fn every_command_to_every_contact() {
    check(
        "contact",
        &contact::lives(),
        &contact::commands(),
        |state, at| (state.state_name().to_owned(), state.allowed_commands(at)),
    );
}

#[test]
fn every_command_to_the_webhook_endpoints() {
    check(
        "webhook",
        &webhook::lives(),
        &webhook::commands(),
        |state, at| (state.state_name().to_owned(), state.allowed_commands(at)),
    );
}

/// How an aggregate came where it is.
pub(crate) struct Life<A: Aggregate> {
    /// In words.
    pub(crate) name: &'static str,
    /// The commands that it carried out, each at its instant.
    pub(crate) commands: Vec<(DecidedAt, A::Command)>,
    /// The instant at which the commands of the matrix reach it.
    pub(crate) now: DecidedAt,
}

/// A command of the matrix.
pub(crate) struct Asked<C> {
    /// The name that `allowed_commands` knows.
    pub(crate) command: &'static str,
    /// What is special about this one; empty where nothing is.
    pub(crate) variant: &'static str,
    /// The command.
    pub(crate) says: C,
}

/// Sends each command to each state and compares what comes of it with the golden file.
fn check<A>(
    name: &str,
    lives: &[Life<A>],
    commands: &[Asked<A::Command>],
    seen: impl Fn(&A, DecidedAt) -> (String, Vec<&'static str>),
) where
    A: Aggregate<Services = DecidedAt>,
    A::Command: Clone,
    A::Error: Refusal,
{
    let mut text = format!("{name}: what comes of each command in each state\n");
    let mut events = Events::default();
    for life in lives {
        let history = history::<A>(life);
        events.see(&history);
        let mut state = A::default();
        history.iter().for_each(|event| state.apply(event.clone()));
        let (status, allowed) = seen(&state, life.now);
        let past: Vec<_> = history.iter().map(DomainEvent::event_type).collect();
        writeln!(text, "\n{} ({status})", life.name).expect("a string takes all");
        wrap(&mut text, "after", &past);
        wrap(&mut text, "allows", &allowed);
        let mut verdicts = Vec::new();
        for Asked {
            command,
            variant,
            says,
        } in commands
        {
            let outcome = send::<A>(&history, life.now, says.clone());
            outcome.iter().for_each(|new| events.see(new));
            verdicts.push(Verdict {
                command,
                variant,
                outcome,
            });
        }
        text.push_str(&told(&verdicts));
        hold_to(life.name, &allowed, &verdicts);
    }
    events.add_missing();
    compare(&format!("{name}.txt"), &text);
}

/// Compares a matrix with its golden file, or writes it where that is asked for.
fn compare(file: &str, matrix: &str) {
    let path = golden::folder().join("matrix").join(file);
    if golden::updating() {
        fs::create_dir_all(golden::folder().join("matrix")).expect("the folder can be made");
        fs::write(&path, matrix).expect("the golden file can be written");
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    let differs = golden
        .lines()
        .zip(matrix.lines())
        .position(|(golden, now)| golden != now);
    let line = differs.unwrap_or_else(|| golden.lines().count().min(matrix.lines().count()));
    let shown = |text: &str| {
        text.lines()
            .nth(line)
            .unwrap_or("(nothing)")
            .trim()
            .to_owned()
    };
    assert!(
        golden == matrix,
        "{file}, line {}: was {:?}, is {:?}; UPDATE_GOLDEN=1 writes it anew",
        line + 1,
        shown(&golden),
        shown(matrix),
    );
}

/// The events that a matrix comes by, as they are stored: of each type the one that says most.
#[derive(Default)]
struct Events(BTreeMap<String, String>);

impl Events {
    fn see<E: DomainEvent>(&mut self, events: &[E]) {
        for event in events {
            let stored = serde_json::to_string_pretty(event).expect("events can be written") + "\n";
            let most = self
                .0
                .entry(format!("{}.v{}", event.event_type(), event.event_version()))
                .or_default();
            if stored.len() > most.len() {
                *most = stored;
            }
        }
    }

    /// What is stored once is stored for ever: files that exist are left alone.
    fn add_missing(&self) {
        let folder = golden::folder().join("events");
        if !golden::updating() {
            return;
        }
        fs::create_dir_all(&folder).expect("the folder can be made");
        for (name, stored) in &self.0 {
            let path = folder.join(format!("{name}.json"));
            if !path.exists() {
                fs::write(path, stored).expect("the golden file can be written");
            }
        }
    }
}

type Outcome<A> = Result<Vec<<A as Aggregate>::Event>, <A as Aggregate>::Error>;

fn send<A>(history: &[A::Event], at: DecidedAt, command: A::Command) -> Outcome<A>
where
    A: Aggregate<Services = DecidedAt>,
{
    TestFramework::<A>::with(at)
        .given(history.to_vec())
        .when(command)
        .inspect_result()
}

/// The events of a life; all of its commands must be carried out.
fn history<A>(life: &Life<A>) -> Vec<A::Event>
where
    A: Aggregate<Services = DecidedAt>,
    A::Command: Clone,
{
    let mut history = Vec::new();
    for (nth, (at, command)) in life.commands.iter().enumerate() {
        match send::<A>(&history, *at, command.clone()) {
            Ok(events) => history.extend(events),
            Err(refusal) => panic!("{}: command {nth} is refused: {refusal}", life.name),
        }
    }
    history
}

/// What came of a command.
struct Verdict<E, R> {
    command: &'static str,
    variant: &'static str,
    outcome: Result<Vec<E>, R>,
}

/// What is carried out, a line each; then the rest, by what is said to it.
fn told<E: DomainEvent, R: Refusal>(verdicts: &[Verdict<E, R>]) -> String {
    let mut text = String::new();
    let mut rest: Vec<(&str, Vec<String>)> = Vec::new();
    for Verdict {
        command,
        variant,
        outcome,
    } in verdicts
    {
        let label = format!("{command} {variant}").trim_end().to_owned();
        let said = match outcome {
            Ok(events) if events.is_empty() => "nothing to do",
            Ok(events) => {
                let events: Vec<_> = events.iter().map(DomainEvent::event_type).collect();
                writeln!(text, "    {label:40} {}", events.join(" + "))
                    .expect("a string takes all");
                continue;
            }
            Err(refusal) => refusal.code(),
        };
        match rest.iter_mut().find(|(known, _)| *known == said) {
            Some((_, labels)) => labels.push(label),
            None => rest.push((said, vec![label])),
        }
    }
    for (said, labels) in rest {
        wrap(&mut text, said, &labels);
    }
    text
}

/// Names below a head, as many to a line as are easily read.
fn wrap(text: &mut String, head: &str, names: &[impl AsRef<str>]) {
    let mut line = format!("  {head}:");
    for (nth, name) in names.iter().enumerate() {
        let comma = if nth + 1 < names.len() { "," } else { "" };
        if line.len() + name.as_ref().len() > 98 {
            writeln!(text, "{line}").expect("a string takes all");
            line = "     ".to_owned();
        }
        write!(line, " {}{comma}", name.as_ref()).expect("a string takes all");
    }
    writeln!(text, "{line}").expect("a string takes all");
}

/// A command that changes something is allowed; one that is always refused by the state is not.
fn hold_to<E, R: Refusal>(life: &str, allowed: &[&'static str], verdicts: &[Verdict<E, R>]) {
    for Verdict { command, .. } in verdicts {
        let outcomes = || {
            verdicts
                .iter()
                .filter(|other| other.command == *command)
                .map(|other| &other.outcome)
        };
        let listed = allowed.contains(command);
        if outcomes().any(|outcome| outcome.as_ref().is_ok_and(|events| !events.is_empty())) {
            assert!(
                listed,
                "{life}: {command} is carried out, but not among the allowed commands"
            );
        }
        if outcomes().all(|outcome| {
            outcome
                .as_ref()
                .is_err_and(|refusal| by_state(refusal.class()))
        }) {
            assert!(
                !listed,
                "{life}: {command} is refused, but among the allowed commands"
            );
        }
    }
    for command in allowed {
        let asked = verdicts.iter().any(|verdict| verdict.command == *command);
        assert!(asked, "{life}: {command} is allowed, but not in the matrix");
    }
}

fn by_state(class: RefusalClass) -> bool {
    match class {
        RefusalClass::NotFound
        | RefusalClass::State
        | RefusalClass::NotYet
        | RefusalClass::InFlight => true,
        RefusalClass::Malformed | RefusalClass::Rule => false,
    }
}
