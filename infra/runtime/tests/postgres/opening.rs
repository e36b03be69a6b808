//! What a database must be like before an engine opens it.

use orderlog_runtime::postgres::{PgOpenError, PgReadSettings, PgReadStore, PgWorkStore, migrate};
use uuid::Uuid;

use crate::database::Database;

#[tokio::test]
async fn a_database_without_tables_says_how_it_gets_them() {
    let database = Database::empty().await;
    let refused = PgWorkStore::open(database.pool())
        .await
        .err()
        .expect("refused");
    assert!(
        matches!(refused, PgOpenError::NotMigrated { .. }),
        "{refused}"
    );
    assert!(refused.to_string().contains("orderlog migrate"));
    migrate(&database.pool()).await.expect("migrated");
    migrate(&database.pool()).await.expect("again");
    PgWorkStore::open(database.pool()).await.expect("opened");
}

#[tokio::test]
async fn tables_of_a_newer_build_are_left_alone() {
    let database = Database::migrated().await;
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (1999, 'newer', true, '', 0)",
    )
    .execute(&database.pool())
    .await
    .expect("inserted");
    let refused = PgWorkStore::open(database.pool())
        .await
        .err()
        .expect("refused");
    assert!(
        matches!(refused, PgOpenError::Newer { found: 1999, .. }),
        "{refused}"
    );
    migrate(&database.pool()).await.expect("no harm is done");
}

#[tokio::test]
async fn read_models_stay_with_their_log_and_their_partitions() {
    let database = Database::migrated().await;
    let open = async |log_id, partitions| {
        let settings = PgReadSettings {
            log_id,
            partitions,
            folds: false,
        };
        PgReadStore::open(database.pool(), settings).await
    };
    for asked in [0, 65] {
        let refused = open(database.log_id, asked).await.err().expect("refused");
        assert!(
            matches!(refused, PgOpenError::NoSuchPartitions { .. }),
            "{refused}"
        );
    }
    open(database.log_id, 12).await.expect("created");
    open(database.log_id, 12).await.expect("opened");
    let refused = open(database.log_id, 1).await.err().expect("refused");
    assert!(
        matches!(
            refused,
            PgOpenError::Partitions {
                found: 12,
                asked: 1
            }
        ),
        "{refused}"
    );
    let refused = open(Uuid::now_v7(), 12).await.err().expect("refused");
    assert!(
        matches!(refused, PgOpenError::OtherLog { found, .. } if found == database.log_id),
        "{refused}"
    );
}
