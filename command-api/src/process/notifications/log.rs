//! The channel that only writes to the program's own log.

use async_trait::async_trait;

use super::{NotificationChannel, Outgoing, Unsent};

/// The channel that only writes to the program's own log.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogChannel;

#[async_trait]
impl NotificationChannel for LogChannel {
    async fn send(&self, outgoing: &Outgoing<'_>) -> Result<(), Unsent> {
        let message = outgoing.message;
        tracing::info!(order.id = %message.order_id, notification.kind = %message.kind, "customer notified");
        Ok(())
    }
}
