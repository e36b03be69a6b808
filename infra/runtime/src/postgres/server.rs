//! A server on which databases are made for a while, and dropped again, by tools that measure
//! and by tests.

use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};

/// A server, reached at one of its databases.
#[derive(Clone)]
pub struct PgServer(Box<PgConnectOptions>);

impl PgServer {
    /// The server at `url`; its user may create databases.
    pub fn new(url: &str) -> Result<Self, sqlx::Error> {
        Ok(Self(Box::new(url.parse()?)))
    }

    /// Creates an empty database. The name is made of letters, digits and `_`.
    pub async fn create(&self, name: &str) -> Result<(), sqlx::Error> {
        self.execute(&format!(
            "CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'"
        ))
        .await
    }

    /// Creates a database as `model` is, to which nobody is connected. Names are made of letters, digits
    /// and `_`.
    pub async fn copy(&self, model: &str, name: &str) -> Result<(), sqlx::Error> {
        self.execute(&format!("CREATE DATABASE \"{name}\" TEMPLATE \"{model}\""))
            .await
    }

    /// Drops a database, whoever is connected to it.
    pub async fn drop(&self, name: &str) -> Result<(), sqlx::Error> {
        self.execute(&format!("DROP DATABASE \"{name}\" WITH (FORCE)"))
            .await
    }

    /// The settings that decide whether what it acknowledges is durable, in words.
    pub async fn durability(&self) -> Result<String, sqlx::Error> {
        let mut connection = PgConnection::connect_with(&self.0).await?;
        let settings = "SELECT 'fsync ' || current_setting('fsync') || ', synchronous_commit ' \
                        || current_setting('synchronous_commit')";
        let said = sqlx::query_scalar(settings)
            .fetch_one(&mut connection)
            .await?;
        connection.close().await?;
        Ok(said)
    }

    async fn execute(&self, statement: &str) -> Result<(), sqlx::Error> {
        let mut connection = PgConnection::connect_with(&self.0).await?;
        sqlx::query(statement).execute(&mut connection).await?;
        connection.close().await
    }
}
