//! Every way to fail, against its status and code.

use std::sync::Arc;

use orderlog_domain::product::{Product, ProductRefusal};
use orderlog_log::{clock::Clock, event_store::StoreError, sqlite::SqliteEventStore};
use tempfile::TempDir;

use super::*;
use crate::aggregates::Aggregates;

#[tokio::test]
async fn every_way_to_fail_has_its_status_and_code() {
    let directory = TempDir::new().expect("a directory");
    let store = Arc::new(SqliteEventStore::open(directory.path()).expect("a store"));
    let clock = Clock::system();
    let aggregates = Aggregates::new(Arc::clone(&store) as Arc<_>, clock.clone());
    let api = Api {
        aggregates,
        store,
        clock,
        webhook_key: None,
    };
    let detail = || "secret".to_owned();
    let (stream, path, event_type) = (
        "product-MUG".to_owned(),
        "/secret".to_owned(),
        "ProductRenamed".to_owned(),
    );
    let table: Vec<(ExecuteError<ProductRefusal>, u16, &str, bool)> = vec![
        (
            ExecuteError::IdReused(uuid::Uuid::nil()),
            422,
            "idempotency.key_reused",
            false,
        ),
        (
            ExecuteError::VersionMismatch {
                expected: 1,
                actual: 2,
            },
            412,
            "precondition.failed",
            false,
        ),
        (
            ExecuteError::Conflict {
                stream: stream.clone(),
                attempts: 8,
            },
            409,
            "command.conflict",
            true,
        ),
        (
            ExecuteError::Overloaded { stream },
            503,
            "command.overloaded",
            true,
        ),
        (
            ExecuteError::TooLarge {
                event_type,
                bytes: 2,
                limit: 1,
            },
            422,
            "command.event_too_large",
            false,
        ),
        (
            StoreError::DiskFull { detail: detail() }.into(),
            503,
            "storage.disk_full",
            true,
        ),
        (
            StoreError::Corrupt { detail: detail() }.into(),
            503,
            "storage.damaged",
            true,
        ),
        (
            StoreError::NewerEvent {
                position: 7,
                detail: detail(),
            }
            .into(),
            503,
            "storage.newer_event",
            true,
        ),
        (
            StoreError::Unknown { detail: detail() }.into(),
            503,
            "storage.outcome_unknown",
            true,
        ),
        (
            StoreError::Unavailable { detail: detail() }.into(),
            503,
            "storage.unavailable",
            true,
        ),
        (
            StoreError::NotWritable {
                path,
                detail: detail(),
            }
            .into(),
            503,
            "storage.unavailable",
            true,
        ),
    ];
    for (error, status, code, again) in table {
        let told = problem::<Product>(&api, "MUG", error).await;
        assert_eq!(
            (told.document().status, told.document().code.as_ref()),
            (status, code)
        );
        let text = serde_json::to_string(told.document()).expect("it is JSON");
        assert!(
            !text.contains("secret"),
            "clients learn nothing of the machine: {text}"
        );
        let response = axum::response::IntoResponse::into_response(told);
        assert_eq!(
            response.headers().contains_key(header::RETRY_AFTER),
            again,
            "{code}"
        );
    }
}
