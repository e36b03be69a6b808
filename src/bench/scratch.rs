//! What a bench makes on servers that others may use, and removes again whether it went well or not,
//! at Ctrl-C as well: databases and topics.

use std::{mem, sync::Mutex};

use anyhow::{Context, bail};
use orderlog_runtime::{kafka::Topic, postgres::PgServer};
use reqwest::Url;
use uuid::Uuid;

/// What was made so far.
#[derive(Default)]
pub struct Scratch(Mutex<Vec<Made>>);

enum Made {
    Database { server: PgServer, name: String },
    Topic(Topic),
}

/// Does `work`, and removes what it made.
pub async fn with_scratch<T>(
    work: impl AsyncFnOnce(&Scratch) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let scratch = Scratch::default();
    let worked = tokio::select! {
        worked = work(&scratch) => worked,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    let removed = scratch.remove().await;
    let worked = worked?;
    removed.map(|()| worked)
}

impl Scratch {
    /// An empty database on this server; answers its address.
    pub async fn database(&self, server: &str) -> anyhow::Result<String> {
        let name = format!("orderlog_bench_{}", Uuid::now_v7().simple());
        let database = sibling(server, &name)?;
        let server = PgServer::new(server)?;
        let created = server.create(&name).await;
        created.context("create a database on the server of --database")?;
        self.note(Made::Database { server, name });
        Ok(database)
    }

    /// A topic at these brokers, to be made by who uses it.
    pub fn topic(&self, brokers: &str) -> Topic {
        let topic = Topic {
            name: format!("orderlog-bench-{}", Uuid::now_v7().simple()),
            ..Topic::new(brokers)
        };
        self.note(Made::Topic(topic.clone()));
        topic
    }

    fn note(&self, made: Made) {
        self.0
            .lock()
            .expect("nobody panics with this lock")
            .push(made);
    }

    /// Removes all of it; one that can't be removed does not keep the others from it.
    async fn remove(&self) -> anyhow::Result<()> {
        let made = mem::take(&mut *self.0.lock().expect("nobody panics with this lock"));
        let mut left = Vec::new();
        for made in made {
            let (name, removed): (_, anyhow::Result<()>) = match made {
                Made::Database { server, name } => {
                    let removed = server.drop(&name).await;
                    (name, removed.map_err(Into::into))
                }
                Made::Topic(topic) => {
                    let removed = topic.remove().await;
                    (topic.name, removed.map_err(Into::into))
                }
            };
            if let Err(error) = removed {
                left.push(format!("{name} ({error:#})"));
            }
        }
        if left.is_empty() {
            return Ok(());
        }
        bail!("remove these by hand: {}", left.join(", "))
    }
}

/// The address of another database on the same server.
fn sibling(server: &str, name: &str) -> anyhow::Result<String> {
    let mut url = Url::parse(server).context("--database is not a URL")?;
    url.set_path(name);
    Ok(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sibling_keeps_all_but_the_name_of_the_database() {
        for (server, other) in [
            (
                "postgres://ada:pw@db:5433/shop",
                "postgres://ada:pw@db:5433/own",
            ),
            (
                "postgres://db/postgres?sslmode=require",
                "postgres://db/own?sslmode=require",
            ),
            ("postgres://db", "postgres://db/own"),
        ] {
            assert_eq!(sibling(server, "own").expect("a URL"), other);
        }
        assert!(sibling("db", "own").is_err());
    }
}
