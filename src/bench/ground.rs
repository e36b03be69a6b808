//! The system that a bench asks over HTTP: one that runs already, or one of the bench's own with every
//! role in this process, on the embedded log or on PostgreSQL and Kafka.

use std::path::PathBuf;

use orderlog_runtime::kafka::Topic;
use orderlog_web::server;
use tokio::net::TcpListener;

use super::scratch::{Scratch, with_scratch};
use crate::system::{
    Channels, Config, DatabaseUrl, Distributed, Engines, EventStoreEngine, Payments, Roles, System,
    migrate,
};

/// Which system is measured.
#[derive(Clone, Debug, clap::Args)]
pub struct GroundArgs {
    /// A running system; one is started for the bench where absent
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Directory for the data of the system that is started; a temporary one where absent
    #[arg(long, conflicts_with = "url")]
    data_dir: Option<PathBuf>,
    /// Start the system on this PostgreSQL server, in a database that is removed again
    #[arg(long, value_name = "URL", requires = "kafka", conflicts_with_all = ["url", "data_dir"])]
    database: Option<String>,
    /// Brokers of Apache Kafka, for a topic that is removed again
    #[arg(long, value_name = "HOST:PORT", requires = "database")]
    kafka: Option<String>,
    /// Partitions of that topic; as many as usual where absent
    #[arg(long, value_name = "COUNT", requires = "kafka", value_parser = clap::value_parser!(u32).range(1..=64))]
    partitions: Option<u32>,
}

impl GroundArgs {
    /// What it is, in a few words.
    pub fn name(&self) -> String {
        match (&self.url, &self.database) {
            (Some(url), _) => url.clone(),
            (None, Some(_)) => "all roles in one process on PostgreSQL and Kafka".to_owned(),
            (None, None) => "all roles in one process on the embedded log".to_owned(),
        }
    }

    /// Does `measure` with the address of the system; of one that is started, with these roles.
    pub async fn stand<T>(
        &self,
        roles: Roles,
        measure: impl AsyncFnOnce(&str) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        if let Some(url) = &self.url {
            return measure(url).await;
        }
        let directory = tempfile::tempdir()?;
        with_scratch(async |scratch| {
            let engines = match (&self.database, &self.kafka) {
                (Some(database), Some(kafka)) => {
                    let mut topic = scratch.topic(kafka);
                    topic.partitions = self.partitions.unwrap_or(topic.partitions);
                    distributed(scratch, database, topic).await?
                }
                _ => Engines::Embedded {
                    data_dir: (self.data_dir.clone()).unwrap_or(directory.path().to_owned()),
                },
            };
            on_system(engines, roles, measure).await
        })
        .await
    }
}

async fn distributed(scratch: &Scratch, server: &str, topic: Topic) -> anyhow::Result<Engines> {
    let database = DatabaseUrl(scratch.database(server).await?);
    migrate(&database).await?;
    Ok(Engines::Distributed(Distributed {
        database,
        event_store: EventStoreEngine::Postgres,
        partitions: topic.partitions,
        topic: Some(topic),
        public_topics: None,
    }))
}

async fn on_system<T>(
    engines: Engines,
    roles: Roles,
    measure: impl AsyncFnOnce(&str) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let config = Config {
        engines,
        roles,
        time_zone: chrono_tz::Tz::UTC,
        time_scale: 1.0,
        payments: Payments::default(),
        channels: Channels::default(),
        sealing: None,
    };
    let mut system = System::start(config).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}", listener.local_addr()?);
    let stop = system.stopping();
    let web = tokio::spawn(server::serve(
        listener,
        system.router(),
        stop.cancelled_owned(),
    ));
    let measured = tokio::select! {
        measured = measure(&base) => measured,
        ended = system.ended() => Err(ended.into()),
    };
    system.stop().await?;
    web.await??;
    measured
}
