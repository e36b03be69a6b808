//! The catalogue as placing an order sees it: each product of the order, read once, and what speaks
//! against selling it.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};
use orderlog_domain::{ids::Sku, order::OrderRefusal, product::Product};
use orderlog_log::executor::Loaded;
use orderlog_web::problem::Problem;

use crate::rest::Api;

/// Products read at once.
const AT_ONCE: usize = 32;

/// Products as this process knows them, by number; every change made through it is known.
pub(super) type Catalogue = BTreeMap<Sku, Loaded<Product>>;

/// Reads these products.
pub(super) async fn catalogue(api: &Api, skus: BTreeSet<Sku>) -> Result<Catalogue, Problem> {
    let load = |sku: Sku| async move {
        api.aggregates
            .products
            .recent(sku.as_str())
            .await
            .map(|product| (sku, product))
    };
    Ok(stream::iter(skus)
        .map(load)
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?)
}

/// Refuses with every product that is not sold, not only the first.
pub(super) fn check_sold(products: &Catalogue) -> Result<(), OrderRefusal> {
    let those = |wanted: fn(&Product) -> bool| -> Vec<Sku> {
        products
            .iter()
            .filter(|(_, product)| wanted(&product.state))
            .map(|(sku, _)| sku.clone())
            .collect()
    };
    let unknown = those(|product| matches!(product, Product::Unknown));
    if !unknown.is_empty() {
        return Err(OrderRefusal::UnknownProduct { skus: unknown });
    }
    let discontinued = those(|product| matches!(product, Product::Discontinued(_)));
    if !discontinued.is_empty() {
        return Err(OrderRefusal::Discontinued { skus: discontinued });
    }
    Ok(())
}
