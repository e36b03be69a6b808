//! A plan as the arguments of `orderlog_append`: one array per column, rows in the plan's order.

use chrono::{DateTime, Utc};
use sqlx::{Postgres, postgres::PgArguments, query::QueryAs};
use uuid::Uuid;

use super::{
    plan::{Fate, Item, Plan},
    rows::{bounded, split},
};
use crate::{
    event::Version,
    event_store::{StreamAppend, Verdict},
};

type Asked<'a, O> = QueryAs<'a, Postgres, O, PgArguments>;

/// Rows as columns, bound in the order in which the function takes them.
macro_rules! columns {
    ($rows:ident { $($column:ident: $kind:ty,)* }) => {
        #[derive(Default)]
        struct $rows<'a> {
            $($column: Vec<$kind>,)*
        }

        impl<'a> $rows<'a> {
            fn bind<O>(self, query: Asked<'a, O>) -> Asked<'a, O> {
                query$(.bind(self.$column))*
            }
        }
    };
}

columns!(Streams {
    bundle: i32,
    category: &'a str,
    id: &'a str,
    version: i64,
});

columns!(Commands {
    bundle: i32,
    end: i32,
    id: Uuid,
    fingerprint: &'a [u8],
    command_type: &'a str,
    version: i64,
    events: i32,
    stream: Option<&'a str>,
    code: Option<&'a str>,
    refusal: Option<&'a str>,
    partition_key: Option<&'a str>,
    correlation_id: Option<Uuid>,
    causation_id: Option<Uuid>,
    actor: Option<&'a str>,
    traceparent: Option<&'a str>,
});

columns!(Events {
    bundle: i32,
    place: i32,
    id: Uuid,
    category: &'a str,
    aggregate_id: &'a str,
    sequence: i64,
    event_type: &'a str,
    schema_version: i32,
    data: &'a str,
    partition_key: &'a str,
    command_id: Uuid,
    correlation_id: Uuid,
    causation_id: Uuid,
    actor: &'a str,
    traceparent: Option<&'a str>,
    occurred_at: DateTime<Utc>,
});

/// Binds all of the function's arguments.
pub(super) fn bind<'a, O>(query: Asked<'a, O>, plan: &Plan<'a>) -> Asked<'a, O> {
    let (mut streams, mut commands) = (Streams::default(), Commands::default());
    let mut events = Events::default();
    for stream in &plan.streams {
        streams.push(plan.items[stream.item].bundle, stream.name, stream.assumed);
    }
    for item in &plan.items {
        if let Fate::Write { version } = item.fate {
            for write in &item.decided.writes {
                events.push(item, write);
            }
            commands.push(item, version, events.id.len());
        }
    }
    let new = || plan.items.iter().filter(|item| item.is_new());
    let bundles: Vec<_> = new().map(|item| number(item.bundle)).collect();
    let ids: Vec<_> = new().map(|item| item.decided.command.command_id).collect();
    let query = streams.bind(query).bind(bundles).bind(ids);
    events.bind(commands.bind(query))
}

impl<'a> Streams<'a> {
    fn push(&mut self, bundle: usize, name: &'a str, version: Version) {
        let (category, id) = split(name).unwrap_or((name, ""));
        self.bundle.push(number(bundle));
        self.category.push(category);
        self.id.push(id);
        self.version.push(bounded(version));
    }
}

impl<'a> Commands<'a> {
    /// `end` is how many events are written up to its last one.
    fn push(&mut self, item: &Item<'a>, version: Version, end: usize) {
        let (decided, command) = (item.decided, &item.decided.command);
        self.bundle.push(number(item.bundle));
        self.end.push(number(end));
        self.id.push(command.command_id);
        self.fingerprint.push(&command.fingerprint.0);
        self.command_type.push(&command.command_type);
        self.version.push(bounded(version));
        self.events.push(number(decided.count()));
        let told_by = decided.told_by();
        let (code, refusal) = match &decided.verdict {
            Verdict::Accepted => (None, None),
            Verdict::Refused { code, refusal } => (Some(code.as_str()), Some(refusal.as_str())),
        };
        self.code.push(code);
        self.refusal.push(refusal);
        let other_stream = told_by.is_none_or(|write| write.stream != command.stream);
        self.stream.push(other_stream.then_some(&command.stream));
        // What follows is said by the last event, where there is one.
        let alone = told_by.is_none();
        self.partition_key
            .push(alone.then(|| decided.partition_key()));
        self.correlation_id
            .push(alone.then_some(command.correlation_id));
        self.causation_id
            .push(alone.then_some(command.causation_id));
        self.actor.push(alone.then_some(&command.actor));
        self.traceparent
            .push(command.traceparent.as_deref().filter(|_| alone));
    }
}

impl<'a> Events<'a> {
    fn push(&mut self, item: &Item<'a>, write: &'a StreamAppend) {
        let command = &item.decided.command;
        let (category, aggregate_id) = split(&write.stream).unwrap_or((&write.stream, ""));
        for (version, event) in (write.expected_version.saturating_add(1)..).zip(&write.events) {
            self.bundle.push(number(item.bundle));
            self.place.push(number(self.place.len() + 1));
            self.id.push(event.event_id);
            self.category.push(category);
            self.aggregate_id.push(aggregate_id);
            self.sequence.push(bounded(version));
            self.event_type.push(&event.event_type);
            self.schema_version.push(i32::from(event.schema_version));
            self.data.push(&event.data);
            self.partition_key.push(&write.partition_key);
            self.command_id.push(command.command_id);
            self.correlation_id.push(command.correlation_id);
            self.causation_id.push(command.causation_id);
            self.actor.push(&command.actor);
            self.traceparent.push(command.traceparent.as_deref());
            self.occurred_at.push(event.occurred_at);
        }
    }
}

/// A group is far smaller than this type's range.
fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
