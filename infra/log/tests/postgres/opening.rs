//! Databases that can't be opened, and what is said of them.

use orderlog_log::{
    event_reader::EventReader,
    event_store::StoreError,
    postgres::{PgEventStore, PgOptions, migrate},
};

use crate::{connect, database::TestDatabase};

async fn refusal(url: &str) -> StoreError {
    match PgEventStore::connect(url, PgOptions::default()).await {
        Ok(_) => panic!("it was opened"),
        Err(error) => error,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_unavailable() {
    for url in ["postgres://nobody@127.0.0.1:1/none", "no URL"] {
        let error = refusal(url).await;
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_whom_the_server_does_not_know_is_denied() {
    let database = TestDatabase::create().await;
    let (_, address) = database.url.split_once('@').expect("a URL with a user");
    let error = refusal(&format!("postgres://not_there:secret@{address}")).await;
    assert!(matches!(error, StoreError::Denied { .. }), "{error}");
    assert!(!error.to_string().contains("secret"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_without_tables_names_its_mend() {
    let database = TestDatabase::empty().await;
    let error = refusal(&database.url).await;
    assert!(matches!(error, StoreError::NotMigrated { found: 0, .. }));
    assert!(
        error.to_string().contains("orderlog migrate --database"),
        "{error}"
    );
    database.migrate().await;
    connect(&database, PgOptions::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_version_of_the_tables_is_told_apart() {
    let database = TestDatabase::create().await;
    let mut session = database.session().await;
    let mut set = async |from: i64, to: i64| {
        sqlx::query("UPDATE _sqlx_migrations SET version = $2 WHERE version = $1")
            .bind(from)
            .bind(to)
            .execute(&mut session)
            .await
            .expect("changed");
    };
    let last = match refusal_without_tables().await {
        StoreError::NotMigrated { known, .. } => known,
        other => panic!("{other}"),
    };
    // What the read models' migrations write there is none of the log's business.
    set(last, 1001).await;
    let older = refusal(&database.url).await;
    assert!(
        matches!(older, StoreError::NotMigrated { found, .. } if found < last),
        "{older}"
    );
    set(1001, 999).await;
    let newer = refusal(&database.url).await;
    assert!(
        matches!(newer, StoreError::Newer { found: 999, .. }),
        "{newer}"
    );
    let unchanged = migrate(&database.pool()).await;
    assert!(matches!(unchanged, Err(StoreError::Newer { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_made_once_by_many() {
    let database = TestDatabase::empty().await;
    tokio::join!(database.migrate(), database.migrate(), database.migrate());
    let log_id = connect(&database, PgOptions::default()).await.head().await;
    database.migrate().await;
    let again = connect(&database, PgOptions::default()).await.head().await;
    assert_eq!(log_id.expect("head"), again.expect("head"));
}

async fn refusal_without_tables() -> StoreError {
    refusal(&TestDatabase::empty().await.url).await
}
