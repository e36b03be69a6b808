//! What must be true when it is quiet again. Each part looks at the system from another side: the
//! clients' answers, the log's tables, the orders, the books, the read models, the topic.

mod acknowledged;
mod gapless;
mod money;
mod orders;
mod read_models;
mod stock;
mod topic;

use std::collections::BTreeMap;

use crate::{
    client::Heard, finding::Finding, journey::Journey, log::Log, servers::Servers, world::World,
};

/// What was looked at and what was found wrong.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub(crate) events: usize,
    pub(crate) commands: usize,
    /// Orders by where they have ended, and their payments' sums.
    pub(crate) ends: BTreeMap<String, u64>,
    pub(crate) captured: i128,
    pub(crate) refunded: i128,
    pub(crate) received: i64,
    pub(crate) committed: i64,
    pub(crate) read_models: usize,
    pub(crate) records: u64,
    pub(crate) duplicates: u64,
    pub(crate) findings: Vec<Finding>,
}

pub(crate) async fn check(
    servers: &Servers,
    journeys: &[Journey],
    heard: &Heard,
    marks: Vec<Finding>,
) -> Checked {
    let pool = servers.connect().await;
    let log = Log::read(&pool).await.unwrap();
    let (world, unreadable) = World::of(&log.events);
    let mut checked = Checked {
        events: log.events.len(),
        commands: log.commands.len(),
        findings: [marks, unreadable].concat(),
        ..Checked::default()
    };
    checked.findings.extend(gapless::check(&log));
    checked.findings.extend(acknowledged::check(&log, heard));
    orders::check(&mut checked, &world, journeys);
    stock::check(&mut checked, &world, heard);
    read_models::check(&mut checked, servers, &pool, &world).await;
    topic::check(&mut checked, servers, &log).await;
    checked
}
