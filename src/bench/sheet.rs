//! A tiny aggregate, the same for the executor and for the framework that it is compared with: a sheet
//! that takes ten lines. One command makes one event of about 250 bytes.

use chrono::{DateTime, Utc};
use cqrs_es::{Aggregate, DomainEvent, event_sink::EventSink};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Lines that a sheet takes.
const LINES: u64 = 10;

/// A sheet.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Sheet {
    lines: u64,
}

/// What a sheet is asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum SheetCommand {
    /// The first line of a new sheet.
    Begin(Line),
    /// A further line.
    Append(Line),
}

/// What happened to a sheet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SheetEvent {
    /// It took a line.
    Appended {
        /// The line's number, from 1.
        number: u64,
        /// The line.
        line: Line,
    },
}

/// A line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    customer_id: Uuid,
    sku: String,
    name: String,
    quantity: u32,
    unit_price: Price,
    discount: Price,
}

/// A price.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Price {
    amount_minor: i64,
    currency: String,
}

/// Why a sheet takes no line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub enum SheetRefusal {
    /// It has ten.
    #[error("the sheet is full")]
    Full,
}

impl Aggregate for Sheet {
    const TYPE: &'static str = "sheet";
    type Command = SheetCommand;
    type Event = SheetEvent;
    type Error = SheetRefusal;
    type Services = DateTime<Utc>;

    async fn handle(
        &mut self,
        command: SheetCommand,
        _now: &DateTime<Utc>,
        sink: &EventSink<Self>,
    ) -> Result<(), SheetRefusal> {
        if self.lines == LINES {
            return Err(SheetRefusal::Full);
        }
        let (SheetCommand::Begin(line) | SheetCommand::Append(line)) = command;
        let number = self.lines + 1;
        sink.write(SheetEvent::Appended { number, line }, self)
            .await;
        Ok(())
    }

    fn apply(&mut self, SheetEvent::Appended { number, .. }: SheetEvent) {
        self.lines = number;
    }
}

impl DomainEvent for SheetEvent {
    fn event_type(&self) -> String {
        "Appended".to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

/// One writer's endless supply of commands: ten for a sheet, then another sheet.
pub struct Page {
    id: String,
    lines: u64,
}

impl Page {
    /// A supply that begins with a new sheet.
    pub fn new() -> Self {
        Self {
            id: Uuid::now_v7().to_string(),
            lines: 0,
        }
    }

    /// The next command and the sheet that it is for; the one before counts as carried out.
    pub fn next_command(&mut self) -> (String, SheetCommand) {
        if self.lines == LINES {
            *self = Self::new();
        }
        self.lines += 1;
        let command = match self.lines {
            1 => SheetCommand::Begin(line()),
            _ => SheetCommand::Append(line()),
        };
        (self.id.clone(), command)
    }
}

impl Default for Page {
    fn default() -> Self {
        Self::new()
    }
}

fn line() -> Line {
    let price = |amount_minor| Price {
        amount_minor,
        currency: "GBP".to_owned(),
    };
    Line {
        customer_id: Uuid::now_v7(),
        sku: "85123A".to_owned(),
        name: "WHITE HANGING HEART T-LIGHT HOLDER".to_owned(),
        quantity: 6,
        unit_price: price(255),
        discount: price(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_json_of_about_250_bytes() {
        let event = SheetEvent::Appended {
            number: 1,
            line: line(),
        };
        let json = serde_json::to_string(&event).expect("JSON");
        assert!((230..=280).contains(&json.len()), "{} bytes", json.len());
    }

    #[tokio::test]
    async fn a_page_fills_a_sheet_and_begins_another() {
        let (mut page, mut sheet) = (Page::new(), Sheet::default());
        let (first, command) = page.next_command();
        assert!(matches!(command, SheetCommand::Begin(_)), "{command:?}");
        for _ in 0..LINES {
            let taken = take(&mut sheet, command.clone()).await;
            assert_eq!(taken, Ok(()));
        }
        assert_eq!(take(&mut sheet, command).await, Err(SheetRefusal::Full));
        for _ in 1..LINES {
            let (id, command) = page.next_command();
            assert_eq!(id, first);
            assert!(matches!(command, SheetCommand::Append(_)), "{command:?}");
        }
        let (next, command) = page.next_command();
        assert_ne!(next, first);
        assert!(matches!(command, SheetCommand::Begin(_)), "{command:?}");
    }

    async fn take(sheet: &mut Sheet, command: SheetCommand) -> Result<(), SheetRefusal> {
        sheet
            .handle(command, &Utc::now(), &EventSink::default())
            .await
    }
}
