//! Counts the events of a log by type and version, up to where it ends when the count begins. One pass,
//! in the order of the log: every number is of the log itself, of no index that could lie behind.

use std::collections::{BTreeMap, HashMap};

use indicatif::{ProgressBar, ProgressStyle};
use orderlog_log::{
    event::{Position, RecordedEvent},
    event_reader::EventReader,
};
use serde::Serialize;

use crate::{
    cli::Failure,
    system::{StartError, read},
};

/// Events that are read at once.
const PAGE: usize = 5_000;

/// What a log holds.
pub(super) struct Census {
    /// The last event that was counted.
    pub(super) head: Position,
    by_type: HashMap<String, Vec<Counted>>,
}

/// Events of one type and version, in one kind of stream.
#[derive(Debug)]
pub(super) struct Counted {
    /// The kind of stream.
    pub(super) category: String,
    pub(super) event_type: String,
    pub(super) version: u16,
    /// How many there are.
    pub(super) events: u64,
    /// Position of the first.
    pub(super) first: Position,
    /// Those that can't be read; only looked for where each is read.
    pub(super) unread: Option<Unread>,
}

/// Events that can't be read.
#[derive(Debug, Serialize)]
pub(super) struct Unread {
    /// How many there are.
    pub(super) events: u64,
    /// Position of the first.
    pub(super) first: Position,
    /// What is wrong with the first.
    pub(super) reason: String,
}

impl Census {
    /// Counts what the log holds; reads each event, too, where it is to be `deep`.
    pub(super) async fn of(log: &dyn EventReader, deep: bool) -> Result<Self, Failure> {
        let head = log.head().await.map_err(StartError::from)?.position;
        let mut census = Self {
            head,
            by_type: HashMap::new(),
        };
        let bar = bar(head);
        let mut after = 0;
        while after < head {
            let rest = usize::try_from(head - after).unwrap_or(PAGE);
            let page = log.read_all(after, rest.min(PAGE)).await;
            let page = page.map_err(StartError::from)?;
            let Some(last) = page.last() else { break };
            after = last.position;
            page.iter().for_each(|event| census.count(event, deep));
            bar.set_position(after);
        }
        bar.finish_and_clear();
        Ok(census)
    }

    /// All that was counted, by kind of stream, type and version.
    pub(super) fn counted(&self) -> impl Iterator<Item = &Counted> {
        let all = self.by_type.values().flatten();
        let key = |it: &Counted| (it.category.clone(), it.event_type.clone(), it.version);
        let sorted: BTreeMap<_, _> = all.map(|it| (key(it), it)).collect();
        sorted.into_values()
    }

    /// How many events there are.
    pub(super) fn total(&self) -> u64 {
        self.by_type.values().flatten().map(|it| it.events).sum()
    }

    fn count(&mut self, event: &RecordedEvent, deep: bool) {
        let counted = self.of_form(event);
        counted.events += 1;
        if !deep {
            return;
        }
        if let Err(reason) = read(event) {
            let unread = counted.unread.get_or_insert_with(|| Unread {
                events: 0,
                first: event.position,
                reason: reason.to_string(),
            });
            unread.events += 1;
        }
    }

    /// What was counted of the event's form so far.
    fn of_form(&mut self, event: &RecordedEvent) -> &mut Counted {
        let forms = self.by_type.entry(event.event_type.clone()).or_default();
        let category = event.category();
        let known = forms
            .iter()
            .position(|it| it.version == event.schema_version && it.category == category);
        let index = known.unwrap_or_else(|| {
            forms.push(Counted {
                category: category.to_owned(),
                event_type: event.event_type.clone(),
                version: event.schema_version,
                events: 0,
                first: event.position,
                unread: None,
            });
            forms.len() - 1
        });
        &mut forms[index]
    }
}

fn bar(head: Position) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} events, {per_sec}, {eta} left");
    let bar = ProgressBar::new(head);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
