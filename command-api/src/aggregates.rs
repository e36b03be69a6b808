//! One executor per aggregate, over one store and one clock. Every command of the system, whether
//! a client's, the saga's or an operator's, goes through one of these. Also the ids by which they
//! are addressed: an id is the stream's name less its type.

use std::sync::Arc;

use orderlog_domain::{
    contact::Contact,
    evolution::{Evolving, Unread, decode},
    fulfilment::{Fulfilment, FulfilmentCommand, Observed},
    ids::{OrderId, Sku, WarehouseId},
    notification::{Notification, NotificationCommand},
    order::{Order, OrderCommand},
    payment::{Payment, PaymentCommand},
    product::{Product, ProductCommand},
    refusal::Refusal,
    stock::{StockCommand, StockItem},
    webhook::Webhooks,
};
use orderlog_log::{
    clock::Clock,
    event::{DecodeError, RecordedEvent, Today},
    event_store::EventStore,
    executor::{Binding, Decides, Executor, Limits},
};

/// The executors. Cheap to clone.
#[derive(Clone)]
pub struct Aggregates {
    /// Products of the catalogue, by `{sku}`.
    pub products: Executor<Product>,
    /// Stock of a product in a warehouse, by [`stock_id`].
    pub stock: Executor<StockItem>,
    /// Payments, by their uuid.
    pub payments: Executor<Payment>,
    /// Orders, by their uuid.
    pub orders: Executor<Order>,
    /// Fulfilment sagas, by [`saga_id`].
    pub fulfilments: Executor<Fulfilment>,
    /// Notifications, by their uuid.
    pub notifications: Executor<Notification>,
    /// How customers want to be told, by their ids.
    pub contacts: Executor<Contact>,
    /// The endpoints to which webhooks go, all of them in [`ENDPOINTS`].
    pub webhooks: Executor<Webhooks>,
}

impl Aggregates {
    /// Executors over `store` that decide at the instants of `clock`.
    pub fn new(store: Arc<dyn EventStore>, clock: Clock) -> Self {
        Self {
            products: executor(&store, &clock, own_stream, |command| {
                matches!(command, ProductCommand::Register(_))
            }),
            stock: executor(&store, &clock, own_stream, |command| {
                matches!(command, StockCommand::Register(_))
            }),
            payments: executor(
                &store,
                &clock,
                |payment: &Payment, id| by_order(payment.order_id(), id),
                |command| matches!(command, PaymentCommand::Initiate(_)),
            ),
            orders: executor(
                &store,
                &clock,
                |_, id| id.to_owned(),
                |command| matches!(command, OrderCommand::Place(_)),
            ),
            fulfilments: executor(
                &store,
                &clock,
                |_, id| order_of_saga(id).to_owned(),
                |command| {
                    let FulfilmentCommand::Observe(observe) = command else {
                        return false;
                    };
                    matches!(observe.fact, Observed::Placed { .. })
                },
            ),
            notifications: executor(
                &store,
                &clock,
                |notification: &Notification, id| by_order(notification.order_id(), id),
                |command| matches!(command, NotificationCommand::Request(_)),
            ),
            contacts: executor(&store, &clock, own_stream, |_| false),
            webhooks: executor(&store, &clock, own_stream, |_| false),
        }
    }
}

/// Id of the one aggregate that has all webhook endpoints.
pub const ENDPOINTS: &str = "endpoints";

/// Id of a product's stock in a warehouse.
pub fn stock_id(sku: &Sku, warehouse: &WarehouseId) -> String {
    format!("{sku}-{warehouse}")
}

/// Id of an order's fulfilment saga.
pub fn saga_id(order: OrderId) -> String {
    format!("{SAGA_OF_AN_ORDER}{order}")
}

/// The order whose fulfilment saga has this id.
pub(crate) fn order_of_saga(id: &str) -> &str {
    id.strip_prefix(SAGA_OF_AN_ORDER).unwrap_or(id)
}

const SAGA_OF_AN_ORDER: &str = "order-";

/// Room for the aggregates in use, not for all that exist: an order is some kilobytes.
const LIMITS: Limits = Limits {
    cached: 10_000,
    waiting: 1_024,
    attempts: 8,
};

fn executor<A>(
    store: &Arc<dyn EventStore>,
    clock: &Clock,
    partition_key: fn(&A, &str) -> String,
    begins: fn(&A::Command) -> bool,
) -> Executor<A>
where
    A: Decides,
    A::Event: Evolving,
    A::Error: Refusal,
{
    let binding = Binding {
        decode: decoded,
        partition_key,
        begins,
        code: |refusal| refusal.code(),
        recorded: |refusal| refusal.class().is_recorded(),
    };
    Executor::new(Arc::clone(store), clock.clone(), binding, LIMITS)
}

/// What an event of an aggregate says today, whatever the form in which it was recorded.
fn decoded<E: Evolving>(event: &RecordedEvent) -> Result<Today<E>, DecodeError> {
    let read = decode(&event.event_type, event.schema_version, &event.data);
    read.map_err(|unread| match unread {
        Unread::UnknownType { .. } | Unread::UnknownVersion { .. } => {
            DecodeError::Unknown(unread.to_string())
        }
        Unread::Damaged { reason, .. } => DecodeError::Damaged(reason),
    })
}

/// Products, stock, contacts and endpoints belong to no order: each is a partition of its own.
fn own_stream<A: Decides>(_: &A, id: &str) -> String {
    format!("{}-{id}", A::TYPE)
}

/// Payments and notifications arrive in the order of their order's other events. One that does
/// not exist (a refusal) has no order and no event to be ordered.
fn by_order(order: Option<OrderId>, id: &str) -> String {
    order.map_or_else(|| id.to_owned(), |order| order.to_string())
}
