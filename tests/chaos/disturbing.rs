//! What is done to the shop while its customers order: processes are killed at random moments, and
//! now and then a server is restarted or falls silent, the killing going on.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    chance::Chance,
    servers::{Servers, services},
    shop::Shop,
};

/// What happens to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Blow {
    PostgresImmediate,
    KafkaKilled,
    KafkaPaused,
    PostgresFast,
    KafkaRestarted,
}

/// The blows in turn.
const BLOWS: [Blow; 5] = [
    Blow::PostgresImmediate,
    Blow::KafkaKilled,
    Blow::KafkaPaused,
    Blow::PostgresFast,
    Blow::KafkaRestarted,
];

/// How long a paused Kafka says nothing.
const SILENCE: Duration = Duration::from_secs(4);

pub(crate) struct Disturbing {
    kills: u64,
    chance: Chance,
}

/// What was done.
#[derive(Debug, Default)]
pub(crate) struct Disturbed {
    pub(crate) kills: BTreeMap<&'static str, u64>,
    pub(crate) blows: BTreeMap<Blow, u64>,
}

impl Disturbing {
    pub(crate) fn new(kills: u64, chance: Chance) -> Self {
        Self { kills, chance }
    }

    pub(crate) async fn run(mut self, shop: &Shop, servers: &Servers) -> Disturbed {
        let mut disturbed = Disturbed::default();
        let between_blows = (self.kills / 5).clamp(5, 20);
        let mut blows = BLOWS.into_iter().cycle();
        let mut blow = None;
        for kill in 1..=self.kills {
            tokio::time::sleep(self.chance.millis(200..2_200)).await;
            let victim = self.chance.below(shop.processes());
            let role = shop.kill(victim, self.chance.millis(0..1_000)).await;
            *disturbed.kills.entry(role).or_default() += 1;
            if kill % between_blows == 0 && !servers.are_spared() {
                ended(blow.take()).await;
                let next = blows.next().unwrap();
                *disturbed.blows.entry(next).or_default() += 1;
                blow = Some(tokio::spawn(strike(next)));
                println!("{kill} of {} kills, {next:?}", self.kills);
            }
        }
        ended(blow).await;
        println!(
            "all are killed; the logs are in {}",
            servers.logs().display()
        );
        shop.whole().await;
        disturbed
    }
}

async fn ended(blow: Option<tokio::task::JoinHandle<()>>) {
    if let Some(blow) = blow {
        blow.await.unwrap();
    }
}

async fn strike(blow: Blow) {
    match blow {
        Blow::PostgresImmediate => services(&["restart", "postgres", "hard"]).await,
        Blow::PostgresFast => services(&["restart", "postgres"]).await,
        Blow::KafkaKilled => services(&["restart", "kafka", "hard"]).await,
        Blow::KafkaRestarted => services(&["restart", "kafka"]).await,
        Blow::KafkaPaused => {
            services(&["pause", "kafka"]).await;
            tokio::time::sleep(SILENCE).await;
            services(&["resume", "kafka"]).await;
        }
    }
}
