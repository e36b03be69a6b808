//! The resources, one file each: what its requests say, its handlers, its router.

mod commands;
mod contacts;
mod histories;
mod notifications;
mod orders;
mod payments;
mod products;
mod sagas;
mod shipments;
mod stock;
mod webhooks;

use utoipa_axum::router::OpenApiRouter;

use crate::rest::Api;

/// The routes of all resources, relative to the base path.
pub(crate) fn all() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .merge(products::routes())
        .merge(stock::routes())
        .merge(orders::routes())
        .merge(shipments::routes())
        .merge(payments::routes())
        .merge(notifications::routes())
        .merge(contacts::routes())
        .merge(webhooks::routes())
        .merge(sagas::routes())
        .merge(commands::routes())
        .merge(histories::routes())
}
