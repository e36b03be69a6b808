//! Plans carried out against a real log, once and again.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use orderlog_command_api::aggregates::{Aggregates, stock_id};
use orderlog_domain::ids::WarehouseId;
use orderlog_log::{
    clock::Clock, event::Position, event_reader::EventReader, event_store::EventStore,
    sqlite::SqliteEventStore,
};
use tempfile::TempDir;

use super::{CANCELLED, PIECES, SALES, file, pence, pounds, retailers_file};
use crate::import::{
    Progress, Summary, run,
    summary::{Fate, Taken},
};

const ROWS: [[&str; 6]; 9] = [
    ["1", "A", "LANTERN", "2", "2.50", "7"],
    ["1", "POST", "POSTAGE", "1", "18", "7"],
    ["1", "A", "LANTERN", "3", "2.50", "7"],
    ["2", "A", "LANTERN", "4", "2", "8"],
    ["3", "B", "", "1", "0", ""],
    ["4", "B", "", "-1", "1", "9"],
    ["C5", "A", "LANTERN", "-4", "2", "8"],
    ["C6", "A", "LANTERN", "-1", "2.50", "7"],
    ["7", "B", "BOX", "1", "0.10", "9"],
];

struct Shop {
    _directory: TempDir,
    log: SqliteEventStore,
    clock: Clock,
}

impl Shop {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let log = SqliteEventStore::open(directory.path()).unwrap();
        let (clock, _) = Clock::manual(DateTime::<Utc>::from_timestamp(1_800_000_000, 0).unwrap());
        Self {
            _directory: directory,
            log,
            clock,
        }
    }

    async fn import(&self, rows: &[[&str; 6]]) -> Summary {
        self.import_content(file(rows).as_bytes()).await
    }

    async fn import_content(&self, content: &[u8]) -> Summary {
        let store: Arc<dyn EventStore> = Arc::new(self.log.clone());
        let aggregates = Aggregates::new(Arc::clone(&store), self.clock.clone());
        run(
            content,
            pounds(),
            &aggregates,
            &store,
            &Progress::silent(),
            &mut async || Ok(()),
        )
        .await
        .unwrap()
    }

    async fn head(&self) -> Position {
        self.log.head().await.unwrap().position
    }

    /// Types and payloads of all events, by stream.
    async fn streams(&self) -> BTreeMap<String, Vec<(String, String)>> {
        let mut streams: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for event in self.log.read_all(0, 10_000).await.unwrap() {
            streams
                .entry(event.stream)
                .or_default()
                .push((event.event_type, event.data));
        }
        streams
    }

    async fn on_hand(&self, sku: &str) -> i64 {
        let aggregates = Aggregates::new(Arc::new(self.log.clone()), self.clock.clone());
        let id = stock_id(&sku.parse().unwrap(), &WarehouseId::main());
        aggregates.stock.load(&id).await.unwrap().state.on_hand
    }
}

fn taken(new: u64, already_there: u64) -> Taken {
    Taken {
        new,
        already_there,
        refused: 0,
    }
}

#[tokio::test]
async fn every_invoice_is_accounted_for_and_adds_up() {
    let shop = Shop::new();
    let summary = shop.import(&ROWS).await;
    assert_eq!(
        (summary.products, summary.receipts),
        (taken(3, 0), taken(3, 0))
    );
    assert_eq!(summary.pieces_received, 12);
    let fates: Vec<_> = summary
        .details
        .iter()
        .map(|detail| (&*detail.invoice, detail.fate, detail.code))
        .collect();
    let expected = [
        ("1", Fate::Placed, None),
        ("2", Fate::Placed, None),
        ("3", Fate::Placed, None),
        ("4", Fate::Refused, Some("import.quantity_not_positive")),
        ("C5", Fate::Cancelled, None),
        ("C6", Fate::Refused, Some("import.part_of_a_sale")),
        ("7", Fate::Placed, None),
    ];
    assert_eq!(fates, expected);
    let totals = summary.money["GBP"];
    assert_eq!(totals.placed, Some(pence(1_250 + 1_800 + 800 + 10)));
    assert_eq!(totals.cancelled, Some(pence(800)));
    assert_eq!(totals.refused_sales, Some(pence(0)));
    assert_eq!(totals.refused_cancellations, Some(pence(250)));
    assert_eq!((shop.on_hand("A").await, shop.on_hand("B").await), (9, 2));
}

#[tokio::test]
async fn a_second_run_changes_nothing_and_says_so() {
    let shop = Shop::new();
    shop.import(&ROWS).await;
    let head = shop.head().await;
    let second = shop.import(&ROWS).await;
    assert_eq!(shop.head().await, head);
    assert_eq!(
        (second.products, second.receipts),
        (taken(0, 3), taken(0, 3))
    );
    assert_eq!(second.pieces_received, 0);
    let counts = BTreeMap::from([
        (Fate::AlreadyPlaced, 4),
        (Fate::AlreadyCancelled, 1),
        (Fate::Refused, 2),
    ]);
    assert_eq!(second.invoices, counts);
}

#[tokio::test]
async fn an_invoice_number_with_other_content_is_refused_and_so_is_what_cancels_it() {
    let shop = Shop::new();
    shop.import(&ROWS).await;
    let rows = [
        ["7", "B", "", "5", "2", "9"],
        ["C9", "B", "", "-5", "2", "9"],
    ];
    let changed = shop.import(&rows).await;
    let codes: Vec<_> = changed.details.iter().map(|detail| detail.code).collect();
    assert_eq!(
        codes,
        [Some("import.other_content"), Some("import.sale_refused")]
    );
}

#[tokio::test]
async fn the_same_invoice_in_another_file_is_there_already() {
    let shop = Shop::new();
    shop.import(&ROWS).await;
    let head = shop.head().await;
    let again = shop
        .import(&[["2", "A", "White lantern", "4", "2.00", "8"]])
        .await;
    assert_eq!(again.invoices, BTreeMap::from([(Fate::AlreadyPlaced, 1)]));
    assert_eq!(again.products, taken(0, 1));
    assert_eq!(shop.head().await, head + 1, "the receipt of the other file");
}

#[tokio::test]
async fn a_later_file_cancels_a_sale_of_an_earlier_one_once() {
    let shop = Shop::new();
    shop.import(&ROWS).await;
    let rows = [["C8", "B", "", "-1", "0.10", "9"]];
    let first = shop.import(&rows).await;
    assert_eq!(first.details[0].fate, Fate::Cancelled);
    let head = shop.head().await;
    assert_eq!(
        shop.import(&rows).await.details[0].fate,
        Fate::AlreadyCancelled
    );
    let other = shop.import(&[["C9", "B", "", "-1", "0.10", "9"]]).await;
    assert_eq!(other.details[0].code, Some("import.sale_closed_already"));
    assert_eq!(shop.head().await, head);
}

#[tokio::test]
async fn an_import_that_broke_off_anywhere_goes_on_to_the_same_end() {
    let undisturbed = Shop::new();
    let summary = undisturbed.import(&ROWS).await;
    for position in 0..undisturbed.head().await {
        let shop = Shop::new();
        let mut head = shop.log.watch_head();
        tokio::select! {
            biased;
            reached = head.wait_for(|head| *head > position) => drop(reached.unwrap()),
            _ = shop.import(&ROWS) => {}
        }
        let again = shop.import(&ROWS).await;
        assert_eq!(
            shop.streams().await,
            undisturbed.streams().await,
            "behind {position}"
        );
        assert_eq!(again.money, summary.money);
    }
}

#[tokio::test]
async fn the_summary_is_text_for_people_and_json_for_programs() {
    let summary = Shop::new().import(&ROWS).await;
    let text = summary.to_text(true);
    assert!(text.contains("C6"), "{text}");
    assert!(text.contains("it takes back a part of 1"), "{text}");
    assert!(text.contains("38.60 GBP"), "{text}");
    assert!(!summary.to_text(false).contains("C6"));
    let json = serde_json::to_value(&summary).unwrap();
    assert_eq!(json["invoices"]["refused"], 2);
    assert_eq!(json["money"]["GBP"]["placed"]["amount_minor"], 3_860);
}

#[tokio::test]
async fn the_retailers_file_is_taken_to_the_penny_and_to_the_piece() {
    let Some(content) = retailers_file() else {
        return;
    };
    let shop = Shop::new();
    let summary = shop.import_content(&content).await;
    let counts = BTreeMap::from([(Fate::Placed, 279), (Fate::Refused, 31)]);
    assert_eq!(summary.invoices, counts);
    assert_eq!(summary.money["GBP"].placed, Some(pence(SALES)));
    assert_eq!(
        summary.money["GBP"].refused_cancellations,
        Some(pence(CANCELLED))
    );
    assert_eq!(summary.reasons["import.quantity_not_positive"], 2);
    let received: u64 = summary.pieces_received;
    let ordered = shop
        .streams()
        .await
        .into_iter()
        .filter(|(stream, _)| stream.starts_with("order-"));
    assert_eq!(ordered.count(), 279);
    assert_eq!(received, PIECES);
    let head = shop.head().await;
    let second = shop.import_content(&content).await;
    assert_eq!(shop.head().await, head);
    let counts = BTreeMap::from([(Fate::AlreadyPlaced, 279), (Fate::Refused, 31)]);
    assert_eq!(second.invoices, counts);
}
