//! The figures of `/metrics` that the read models know. They are counted when somebody asks: by an
//! index, over the sagas that are under way alone, so a scrape costs what there is to do and not what
//! was ever done; and the figure is as new as the rows, which come within milliseconds of the event.
//! Kept up beside the rows instead, it would need every process that serves it to hear of every change.

use std::sync::Arc;

use metrics::{describe_gauge, gauge};
use orderlog_projections::sagas::{self, SagaFilter, SagaStatus};
use orderlog_runtime::read_store::{ReadError, ReadStore};

/// Every status of a saga that has not ended, and its name as a label.
const UNDER_WAY: [(SagaStatus, &str); 5] = [
    (SagaStatus::Running, "running"),
    (SagaStatus::Waiting, "waiting"),
    (SagaStatus::Retrying, "retrying"),
    (SagaStatus::Compensating, "compensating"),
    (SagaStatus::NeedsOperator, "needs_operator"),
];

const SAGAS: &str = "orderlog_sagas";
const NEEDING_OPERATOR: &str = "orderlog_sagas_needing_operator";

/// Says what the figures are.
pub(super) fn describe() {
    describe_gauge!(SAGAS, "Sagas under way, by how they are doing.");
    describe_gauge!(
        NEEDING_OPERATOR,
        "Sagas that wait until a person has looked."
    );
}

/// Takes the figures anew.
pub(super) async fn refresh(reads: Arc<dyn ReadStore>) -> Result<(), ReadError> {
    let rows = sagas::rows(reads);
    for (status, label) in UNDER_WAY {
        let filter = SagaFilter {
            status: vec![status],
            ..SagaFilter::default()
        };
        let count = sagas::count(&rows, &filter).await? as f64;
        gauge!(SAGAS, "status" => label).set(count);
        if status == SagaStatus::NeedsOperator {
            gauge!(NEEDING_OPERATOR).set(count);
        }
    }
    Ok(())
}
