//! The engines behind the ports: SQLite files for one process, PostgreSQL and Kafka for many. Every
//! other module of the system sees ports alone.

use std::sync::Arc;

use async_trait::async_trait;
use orderlog_log::{
    event_store::EventStore,
    postgres::{PgEsEventStore, PgEventStore, PgOptions, PgSeals},
    seal::SealStore,
    sqlite::SqliteEventStore,
};
use orderlog_projections::public_events;
use orderlog_runtime::{
    kafka::{Announcer, KafkaFanOut, Relay, Topic},
    postgres::{PgDatabase, PgProcessStore, PgReadSettings, PgReadStore, PgWorkStore},
    process::ProcessStore,
    read_store::ReadStore,
    source::{FanOut, Grant, SourceError, TailFanOut},
    sqlite::{SqliteProcessStore, SqliteReadStore, SqliteWorkStore},
    work::WorkStore,
};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::{Config, Distributed, Engines, EventStoreEngine, StartError, parts, postgres_es};

/// Connections of one process for read models, work rows and process checkpoints together.
const CONNECTIONS: u32 = 16;

/// Connections for seals.
const SEAL_CONNECTIONS: u32 = 2;

/// The engines of one process, each opened when it is first asked for.
pub(super) struct Opened {
    pub(super) log: Arc<dyn EventStore>,
    log_id: Uuid,
    engines: Kind,
}

enum Kind {
    Embedded {
        log: SqliteEventStore,
        data_dir: std::path::PathBuf,
        work: OnceCell<SqliteWorkStore>,
    },
    Distributed {
        settings: Distributed,
        database: Box<PgDatabase>,
        work: OnceCell<PgWorkStore>,
    },
}

impl Opened {
    /// Opens the log, and readies the rest.
    pub(super) async fn open(config: &Config) -> Result<Self, StartError> {
        orderlog_domain::schema::check()?;
        match &config.engines {
            Engines::Embedded { data_dir } => {
                let log = SqliteEventStore::open(data_dir)?;
                let engines = Kind::Embedded {
                    log: log.clone(),
                    data_dir: data_dir.clone(),
                    work: OnceCell::new(),
                };
                Self::over(Arc::new(log), engines).await
            }
            Engines::Distributed(settings) => {
                let log = pg_log(settings).await?;
                let database = Box::new(database(&settings.database.0, CONNECTIONS)?);
                let engines = Kind::Distributed {
                    settings: settings.clone(),
                    database,
                    work: OnceCell::new(),
                };
                Self::over(log, engines).await
            }
        }
    }

    async fn over(log: Arc<dyn EventStore>, engines: Kind) -> Result<Self, StartError> {
        let log_id = log.head().await?.log_id;
        Ok(Self {
            log,
            log_id,
            engines,
        })
    }

    /// The read models; `folds` where this process folds them.
    pub(super) async fn reads(&self, folds: bool) -> Result<Arc<dyn ReadStore>, StartError> {
        Ok(match &self.engines {
            Kind::Embedded { data_dir, .. } => {
                Arc::new(SqliteReadStore::open(data_dir, self.log_id)?)
            }
            Kind::Distributed {
                settings, database, ..
            } => {
                let settings = PgReadSettings {
                    log_id: self.log_id,
                    partitions: settings.partitions,
                    folds,
                };
                Arc::new(PgReadStore::open(database.pool(), settings).await?)
            }
        })
    }

    /// The work rows.
    pub(super) async fn work(&self) -> Result<Arc<dyn WorkStore>, StartError> {
        Ok(match &self.engines {
            Kind::Embedded { log, work, .. } => Arc::new(sqlite_work(log, work).await?),
            Kind::Distributed { database, work, .. } => Arc::new(pg_work(database, work).await?),
        })
    }

    /// The process checkpoints.
    pub(super) async fn processes(&self) -> Result<Arc<dyn ProcessStore>, StartError> {
        Ok(match &self.engines {
            Kind::Embedded { log, work, .. } => {
                let work = sqlite_work(log, work).await?;
                Arc::new(SqliteProcessStore::open(log.clone(), work).await?)
            }
            Kind::Distributed { database, work, .. } => {
                let work = pg_work(database, work).await?;
                Arc::new(PgProcessStore::open(database.pool(), self.log_id, work).await?)
            }
        })
    }

    /// The seals of the log.
    pub(super) async fn seals(&self) -> Result<Arc<dyn SealStore>, StartError> {
        Ok(match &self.engines {
            Kind::Embedded { log, .. } => Arc::new(log.clone()),
            Kind::Distributed { settings, .. } => {
                let options = PgOptions {
                    readers: SEAL_CONNECTIONS,
                    ..PgOptions::default()
                };
                Arc::new(PgSeals::connect(&settings.database.0, options).await?)
            }
        })
    }

    /// The partitions that this process follows as a member of the topic's `group`.
    pub(super) fn fan_out(&self, group: &str) -> Result<Box<dyn FanOut>, StartError> {
        let log = Arc::clone(&self.log);
        Ok(match &self.engines {
            Kind::Embedded { .. } => Box::new(TailFanOut::new(log)),
            Kind::Distributed { settings, .. } => {
                let topic = topic(settings)?;
                Box::new(Joining {
                    // Of this topic alone: systems on the same brokers don't disturb each other.
                    group: format!("{}-{group}", topic.name),
                    topic,
                    log,
                    joined: None,
                })
            }
        })
    }

    /// What publishes the log; none on the embedded one.
    pub(super) fn relay(&self) -> Result<Option<Relay>, StartError> {
        let Kind::Distributed {
            settings, database, ..
        } = &self.engines
        else {
            return Ok(None);
        };
        let log = Arc::clone(&self.log);
        Ok(Some(Relay::new(log, database.options(), topic(settings)?)))
    }

    /// What tells other teams of events; none where nobody wants it.
    pub(super) fn announcer(&self) -> Result<Option<Announcer>, StartError> {
        let Kind::Distributed { settings, .. } = &self.engines else {
            return Ok(None);
        };
        let Some(prefix) = &settings.public_topics else {
            return Ok(None);
        };
        let (topic, names) = (topic(settings)?, &public_events::TOPICS);
        let mapping = Box::new(parts::announcements);
        let announcer = Announcer::new(&topic, self.log_id, prefix, names, mapping);
        Ok(Some(announcer.map_err(StartError::PublicTopics)?))
    }
}

async fn pg_log(settings: &Distributed) -> Result<Arc<dyn EventStore>, StartError> {
    let (url, options) = (settings.database.0.as_str(), PgOptions::default());
    Ok(match settings.event_store {
        EventStoreEngine::Postgres => Arc::new(PgEventStore::connect(url, options).await?),
        EventStoreEngine::PostgresEs => {
            Arc::new(PgEsEventStore::connect(url, options, postgres_es::types()).await?)
        }
    })
}

fn topic(settings: &Distributed) -> Result<Topic, StartError> {
    settings.topic.clone().ok_or(StartError::NoKafka)
}

async fn sqlite_work(
    log: &SqliteEventStore,
    work: &OnceCell<SqliteWorkStore>,
) -> Result<SqliteWorkStore, StartError> {
    let open = || SqliteWorkStore::open(log.clone());
    Ok(work.get_or_try_init(open).await?.clone())
}

async fn pg_work(
    database: &PgDatabase,
    work: &OnceCell<PgWorkStore>,
) -> Result<PgWorkStore, StartError> {
    let open = || PgWorkStore::open(database.pool());
    Ok(work.get_or_try_init(open).await?.clone())
}

/// Joins its group once the topic is there: the relay, which makes it, may start later.
struct Joining {
    topic: Topic,
    group: String,
    log: Arc<dyn EventStore>,
    joined: Option<KafkaFanOut>,
}

#[async_trait]
impl FanOut for Joining {
    fn partitions(&self) -> u32 {
        self.topic.partitions
    }

    async fn granted(&mut self) -> Result<Grant, SourceError> {
        let joined = match &mut self.joined {
            Some(joined) => joined,
            None => {
                let (topic, log) = (self.topic.clone(), Arc::clone(&self.log));
                let joined = KafkaFanOut::join(topic, &self.group, log).await?;
                self.joined.insert(joined)
            }
        };
        joined.granted().await
    }
}

/// Creates the tables of `database`, or brings them up to date.
pub async fn migrate(address: &super::DatabaseUrl) -> Result<(), StartError> {
    Ok(database(&address.0, 1)?.migrate().await?)
}

pub(super) fn database(url: &str, connections: u32) -> Result<PgDatabase, StartError> {
    PgDatabase::new(url, connections).map_err(|error| StartError::Database(error.to_string()))
}
