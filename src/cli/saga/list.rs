//! `orderlog saga list`: which sagas there are, and which of them stand still.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args as ClapArgs, builder::PossibleValuesParser};
use orderlog_projections::saga_story::LATE;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::ago::{shown, span};
use crate::cli::{
    Failure,
    remote::{Remote, RemoteArgs, print_json},
};

/// How a saga can be doing.
const STATUSES: [&str; 7] = [
    "running",
    "waiting",
    "retrying",
    "compensating",
    "needs-operator",
    "completed",
    "compensated",
];

/// Where a saga can be, apart from what is also a status.
const STEPS: [&str; 9] = [
    "reserving",
    "authorizing",
    "awaiting-customer",
    "reconciling",
    "confirming",
    "preparing",
    "capturing",
    "dispatching",
    "awaiting-delivery",
];

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  orderlog saga list --stuck\n  orderlog saga list --state capturing --older-than 10m"
)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    remote: RemoteArgs,
    /// Only those that need an operator, or whose timer should have run out more than a minute ago.
    #[arg(long)]
    stuck: bool,
    /// Only those at this step, or doing this; may be repeated.
    #[arg(long, value_name = "STATE", value_parser = PossibleValuesParser::new(STATUSES.iter().chain(&STEPS).copied()))]
    state: Vec<String>,
    /// Only those that have not changed for so long: 90s, 10m, 36h, 14d.
    #[arg(long, value_name = "SPAN", value_parser = span)]
    older_than: Option<TimeDelta>,
    /// At most so many.
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    limit: usize,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

const QUERY: &str = "query ($filter: SagaFilter, $after: String) {
  sagas(first: 40, after: $after, filter: $filter) {
    nodes {
      orderId step status waitsFor attempts stepSince updatedAt
      timers { purpose dueAt }
      operatorNeeded { code detail }
      compensation { code detail }
    }
    pageInfo { hasNextPage endCursor }
  }
}";

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let (remote, now) = (args.remote.remote()?, Utc::now());
    let mut found: Vec<Value> = Vec::new();
    for filter in filters(&args, now) {
        // One that is at a step and has a status that are both asked for is found twice.
        for saga in read(&remote, filter, args.limit).await? {
            if !found
                .iter()
                .any(|known| known["orderId"] == saga["orderId"])
            {
                found.push(saga);
            }
        }
    }
    found.truncate(args.limit);
    if args.json {
        return print_json(&found);
    }
    print(&found, now)
}

async fn read(
    remote: &Remote,
    filter: Map<String, Value>,
    limit: usize,
) -> Result<Vec<Value>, Failure> {
    let variables = json!({ "filter": filter });
    remote.nodes(QUERY, variables, "/sagas", limit).await
}

/// What is asked for. What stands still is of two kinds, which no saga is of at once.
fn filters(args: &Args, now: DateTime<Utc>) -> Vec<Map<String, Value>> {
    let mut states = BTreeMap::<&str, Vec<String>>::new();
    for state in &args.state {
        let kind = match STATUSES.contains(&state.as_str()) {
            true => "status",
            false => "step",
        };
        let name = state.replace('-', "_").to_uppercase();
        states.entry(kind).or_default().push(name);
    }
    let mut shared = Map::new();
    if let Some(span) = args.older_than {
        shared.insert("updatedBefore".to_owned(), json!(now - span));
    }
    // One state is wanted or another one: a status and a step are two questions.
    let asked: Vec<_> = match states.is_empty() {
        true => vec![shared],
        false => states
            .into_iter()
            .map(|(kind, names)| {
                let mut filter = shared.clone();
                filter.insert(kind.to_owned(), json!(names));
                filter
            })
            .collect(),
    };
    if !args.stuck {
        return asked;
    }
    let late = json!(now - LATE);
    let stuck = |filter: Map<String, Value>| {
        let (mut needing, mut overdue) = (filter.clone(), filter);
        needing.insert("needsOperator".to_owned(), json!(true));
        overdue.insert("needsOperator".to_owned(), json!(false));
        overdue.insert("dueBefore".to_owned(), late.clone());
        [needing, overdue]
    };
    asked.into_iter().flat_map(stuck).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    order_id: Uuid,
    step: String,
    status: String,
    waits_for: String,
    updated_at: DateTime<Utc>,
    timers: Vec<Timer>,
    operator_needed: Option<Why>,
    compensation: Option<Why>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Timer {
    purpose: String,
    due_at: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Why {
    code: String,
    detail: Option<String>,
}

fn print(found: &[Value], now: DateTime<Utc>) -> Result<(), Failure> {
    println!(
        "{:<36} {:<17} {:<15} {:>9}  why",
        "order", "step", "status", "unchanged"
    );
    for node in found {
        let row = Row::deserialize(node)
            .map_err(|error| Failure::failed(format!("a saga can't be read: {error}")))?;
        println!(
            "{:<36} {:<17} {:<15} {:>9}  {}",
            row.order_id,
            lower(&row.step),
            lower(&row.status),
            shown(now - row.updated_at),
            row.why(now)
        );
    }
    Ok(())
}

impl Row {
    fn why(&self, now: DateTime<Utc>) -> String {
        let timer = self.timers.first().map(|timer| {
            let name = lower(&timer.purpose);
            match timer.due_at + LATE < now {
                true => format!("timer {name} overdue by {}", shown(now - timer.due_at)),
                false => format!("timer {name} due in {}", shown(timer.due_at - now)),
            }
        });
        let waits = format!("waits for {}", lower(&self.waits_for));
        let turned = self
            .compensation
            .as_ref()
            .map(|why| format!("turned back: {}", why.in_words()));
        let needs = self.operator_needed.as_ref().map(Why::in_words);
        let all = needs.into_iter().chain([waits]).chain(timer).chain(turned);
        all.collect::<Vec<_>>().join("; ")
    }
}

impl Why {
    fn in_words(&self) -> String {
        match &self.detail {
            Some(detail) => format!("{} ({detail})", lower(&self.code)),
            None => lower(&self.code),
        }
    }
}

/// `NEEDS_OPERATOR` as it is written in arguments.
fn lower(name: &str) -> String {
    name.replace('_', "-").to_lowercase()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn asked(arguments: &[&str]) -> Vec<Value> {
        let line = Line::try_parse_from([&["list"], arguments].concat()).expect("arguments");
        let now = "2026-01-01T00:10:00Z".parse().expect("an instant");
        filters(&line.args, now)
            .into_iter()
            .map(Value::Object)
            .collect()
    }

    #[test]
    fn what_is_asked_for_is_what_the_arguments_say() {
        assert_eq!(asked(&[]), [json!({})]);
        assert_eq!(
            asked(&["--older-than", "10m"]),
            [json!({ "updatedBefore": "2026-01-01T00:00:00Z" })]
        );
        assert_eq!(
            asked(&["--state", "needs-operator", "--state", "capturing"]),
            [
                json!({ "status": ["NEEDS_OPERATOR"] }),
                json!({ "step": ["CAPTURING"] })
            ]
        );
        assert_eq!(
            asked(&["--stuck"]),
            [
                json!({ "needsOperator": true }),
                json!({ "needsOperator": false, "dueBefore": "2026-01-01T00:09:00Z" })
            ]
        );
    }

    #[test]
    fn a_state_that_there_is_not_is_refused_with_those_that_there_are() {
        let refused = Line::try_parse_from(["list", "--state", "sleeping"]);
        let refused = refused.err().expect("refused").to_string();
        assert!(refused.contains("awaiting-delivery"), "{refused}");
    }
}
