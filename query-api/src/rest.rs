//! `GET /api/v1/notifications`: what a customer was told, for clients that don't speak GraphQL. Refused
//! with problem documents, like all of REST; the cursor is that of the GraphQL field.

use std::sync::Arc;

use async_graphql::connection::CursorType;
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderName, StatusCode},
};
use chrono::{DateTime, Utc};
use orderlog_domain::{
    ids::{CustomerId, NotificationId, OrderId},
    notification::Channel,
};
use orderlog_projections::{
    notifications::{
        self, Attempt, DeliveryStatus, Notification, NotificationFilter, NotificationStatus,
    },
    paging::{MOST, Paging},
};
use orderlog_runtime::read_store::ReadError;
use orderlog_web::{consistency, params::QueryParams, problem::Problem};
use serde::{Deserialize, Serialize};

use crate::{QueryApi, freshness::Wanted, paging::Place};

/// Rows of a page unless the request says otherwise.
const FIRST: usize = 20;

/// Which notifications are wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// Whose.
    user_id: CustomerId,
    /// At most so many.
    first: Option<usize>,
    /// Those behind this cursor.
    after: Option<String>,
}

/// The notifications of a customer, newest first.
#[derive(Serialize)]
pub(crate) struct NotificationsBody {
    notifications: Vec<NotificationBody>,
    /// To be sent as `after` for the next ones; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize)]
struct NotificationBody {
    id: NotificationId,
    order_id: OrderId,
    user_id: CustomerId,
    kind: &'static str,
    text: String,
    status: &'static str,
    requested_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_at: Option<DateTime<Utc>>,
    deliveries: Vec<DeliveryBody>,
}

#[derive(Serialize)]
struct DeliveryBody {
    channel: Channel,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    withheld: Option<&'static str>,
    tried: u32,
    attempts: Vec<Attempt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_at: Option<DateTime<Utc>>,
}

/// `GET /api/v1/notifications?user_id=`.
pub(crate) async fn notifications(
    State(api): State<QueryApi>,
    headers: HeaderMap,
    QueryParams(asked): QueryParams<Asked>,
) -> Result<Json<NotificationsBody>, Problem> {
    let paging = paging(asked.first, asked.after.as_deref())?;
    let rows = notifications::rows(Arc::clone(&api.rows));
    if let Some(token) = text(&headers, &consistency::HEADER) {
        let prefer = text(&headers, &HeaderName::from_static("prefer"));
        let wanted = Wanted::by_request(token, prefer.unwrap_or_default())?;
        wanted
            .reached(&rows)
            .await
            .map_err(|error| unread(&error))?;
    }
    let filter = NotificationFilter {
        customer_id: Some(asked.user_id),
        ..NotificationFilter::default()
    };
    let page = notifications::page(&rows, &filter, paging).await;
    let page = page.map_err(|error| unread(&error))?;
    let last = page.rows.last().filter(|_| page.more);
    let next = last.map(|found| Place::at(found.cursor.clone()).encode_cursor());
    let notifications = page.rows.into_iter();
    let notifications = notifications.map(|found| NotificationBody::of(found.row));
    Ok(Json(NotificationsBody {
        notifications: notifications.collect(),
        next,
    }))
}

fn paging(first: Option<usize>, after: Option<&str>) -> Result<Paging, Problem> {
    let invalid = |detail: String| {
        Problem::new(StatusCode::BAD_REQUEST, "request.query_invalid").detail(detail)
    };
    let first = first.unwrap_or(FIRST);
    if first > MOST {
        return Err(invalid(format!(
            "first: {first} is not between 0 and {MOST}"
        )));
    }
    let after = after.map(Place::decode_cursor).transpose();
    let after = after.map_err(|error| invalid(format!("after: {error}")))?;
    Ok(Paging::first(first).after(after.map(Place::cursor)))
}

/// Why there is no answer. What went wrong inside is logged and never told.
fn unread(error: &ReadError) -> Problem {
    let code = match error {
        ReadError::Behind { .. } => "read_model.behind",
        ReadError::Damaged { .. } | ReadError::Unavailable { .. } => {
            tracing::error!(%error, "a query could not be answered");
            let detail = "the read models can't be read now";
            return Problem::new(StatusCode::SERVICE_UNAVAILABLE, "storage.unavailable")
                .detail(detail)
                .retry_after(1);
        }
    };
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, code)
        .detail(error.to_string())
        .retry_after(1)
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

impl NotificationBody {
    fn of(row: Notification) -> Self {
        let deliveries = row.deliveries.0.into_iter();
        let deliveries = deliveries.map(|delivery| DeliveryBody {
            channel: delivery.channel,
            status: delivery_status(delivery.status),
            withheld: delivery.withheld.map(|reason| reason.public_name()),
            tried: delivery.tried,
            attempts: delivery.attempts,
            retry_at: delivery.retry_at,
        });
        Self {
            id: row.notification_id,
            order_id: row.order_id,
            user_id: row.customer_id,
            kind: row.kind.public_name(),
            text: row.text,
            status: status(row.status),
            requested_at: row.requested_at,
            sent_at: row.sent_at,
            deliveries: deliveries.collect(),
        }
    }
}

fn status(status: NotificationStatus) -> &'static str {
    match status {
        NotificationStatus::Requested => "requested",
        NotificationStatus::Sent => "sent",
        NotificationStatus::Failed => "failed",
        NotificationStatus::GivenUp => "given_up",
        NotificationStatus::Withheld => "withheld",
    }
}

fn delivery_status(status: DeliveryStatus) -> &'static str {
    match status {
        DeliveryStatus::Pending => "pending",
        DeliveryStatus::Failed => "failed",
        DeliveryStatus::Sent => "sent",
        DeliveryStatus::GivenUp => "given_up",
        DeliveryStatus::Withheld => "withheld",
    }
}
