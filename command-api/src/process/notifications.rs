//! Sends what customers are told, through a channel. The notification's id is the channel's
//! idempotency key; the outcome is recorded after the sending. A notification that was sent or
//! given up is not sent again.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use orderlog_domain::{
    fact::Fact,
    ids::NotificationId,
    notification::{
        Notification, NotificationCommand, NotificationEvent, RecordFailed, RecordSent,
    },
};
use orderlog_log::clock::Clock;
use orderlog_runtime::work::{LeasedWork, WorkHandler, WorkOutcome};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
