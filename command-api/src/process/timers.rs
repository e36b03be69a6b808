//! Fires what was set for an instant: a saga's timer, the end of a stock reservation's hold, the
//! end of an authorization. Firing is a command whose id derives from the row, so any runtime may
//! fire it and firing twice is firing once; whether it is due, the aggregate decides.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use orderlog_domain::{
    fact::Fact,
    fulfilment::{FireTimer, FulfilmentCommand, FulfilmentEvent},
    ids::{OrderId, ReservationId, derive},
    payment::{ExpireAuthorization, PaymentCommand, PaymentEvent},
    stock::{ExpireReservation, StockCommand, StockEvent},
};
use orderlog_log::{clock::Clock, event::RecordedEvent};
use orderlog_runtime::work::{LeasedWork, WorkHandler, WorkOutcome};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::aggregates::{Aggregates, saga_id};

use super::{
    attempting::Attempt,
    cause::SYSTEM,
    rows::{self, Work},
};

/// What is to be fired.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum TimerWork {
    /// A saga's timer.
    Saga {
        /// The saga's order.
        order_id: OrderId,
        /// The timer.
        timer_id: Uuid,
    },
    /// The end of a hold on stock.
    Reservation {
        /// Id of the stock item.
        stock: String,
        /// The reservation.
        reservation_id: ReservationId,
    },
    /// The end of an authorization.
    Authorization {
        /// Id of the payment.
        payment: String,
    },
}

impl Work for TimerWork {
    const KIND: &'static str = "timer";

    fn wanted(event: &RecordedEvent, fact: &Fact) -> Option<(DateTime<Utc>, Self)> {
        match fact {
            Fact::Fulfilment(FulfilmentEvent::TimerScheduled {
                order_id,
                timer_id,
                due_at,
                ..
            }) => Some((
                *due_at,
                Self::Saga {
                    order_id: *order_id,
                    timer_id: *timer_id,
                },
            )),
            Fact::Stock(StockEvent::StockReserved {
                reservation_id,
                expires_at,
                ..
            }) => {
                let stock = rows::aggregate_id(event);
                Some((
                    *expires_at,
                    Self::Reservation {
                        stock,
                        reservation_id: *reservation_id,
                    },
                ))
            }
            Fact::Payment(PaymentEvent::PaymentAuthorized { expires_at, .. }) => Some((
                *expires_at,
                Self::Authorization {
                    payment: rows::aggregate_id(event),
                },
            )),
            Fact::Product(_)
            | Fact::Stock(_)
            | Fact::Payment(_)
            | Fact::Order(_)
            | Fact::Fulfilment(_)
            | Fact::Notification(_)
            | Fact::Contact(_)
            | Fact::Webhook(_) => None,
        }
    }
}

/// The work handler of kind `timer`.
pub struct Timers {
    aggregates: Aggregates,
    clock: Clock,
}

impl Timers {
    /// Fires through `aggregates`.
    pub fn new(aggregates: Aggregates, clock: Clock) -> Self {
        Self { aggregates, clock }
    }
}

#[async_trait]
impl WorkHandler for Timers {
    async fn attempt(&self, row: &LeasedWork) -> WorkOutcome {
        let (work, cause) = match rows::read::<TimerWork>(row) {
            Ok(read) => read,
            Err(error) => return rows::unreadable(row, &error, &self.clock),
        };
        let context = cause.derived(derive(row.id, "fire"), SYSTEM);
        let Aggregates {
            stock,
            payments,
            fulfilments,
            ..
        } = &self.aggregates;
        let clock = &self.clock;
        match work {
            TimerWork::Saga { order_id, timer_id } => {
                let command = FulfilmentCommand::FireTimer(FireTimer { timer_id });
                Attempt {
                    executor: fulfilments,
                    clock,
                }
                .send(&saga_id(order_id), command, context)
                .await
            }
            TimerWork::Reservation {
                stock: id,
                reservation_id,
            } => {
                let command = StockCommand::ExpireReservation(ExpireReservation { reservation_id });
                Attempt {
                    executor: stock,
                    clock,
                }
                .send(&id, command, context)
                .await
            }
            TimerWork::Authorization { payment } => {
                let command = PaymentCommand::ExpireAuthorization(ExpireAuthorization {});
                Attempt {
                    executor: payments,
                    clock,
                }
                .send(&payment, command, context)
                .await
            }
        }
    }
}
