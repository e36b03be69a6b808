//! What the errors of PostgreSQL and of the way there mean to a caller of the store.

use sqlx::{
    Error,
    postgres::{PgDatabaseError, PgSeverity},
};

use crate::event_store::StoreError;

/// The store's error for one of sqlx's, met in the database of that name.
pub(super) fn classify(database: &str, error: &Error) -> StoreError {
    if let Some(error) = of_server(error) {
        return of_code(database, error);
    }
    let detail = format!("{database}: {error}");
    match error {
        Error::ColumnDecode { .. } | Error::Decode(_) => StoreError::Corrupt { detail },
        Error::Encode(_) => StoreError::Invalid { detail },
        _ => StoreError::Unavailable { detail },
    }
}

/// Whether the error says nothing about the statement's fate: the connection broke, and the
/// statement may have been carried out.
pub(super) fn is_lost(error: &Error) -> bool {
    match of_server(error) {
        Some(error) => matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic),
        None => !matches!(error, Error::Encode(_)),
    }
}

/// The classes of SQLSTATE, see <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn of_code(database: &str, error: &PgDatabaseError) -> StoreError {
    let code = error.code();
    let said = match error.detail() {
        Some(detail) => format!("{} ({detail}; {code})", error.message()),
        None => format!("{} ({code})", error.message()),
    };
    let (database, detail) = (database.to_owned(), format!("{database}: {said}"));
    match (code.get(..2).unwrap_or_default(), code) {
        // No such table or function: somebody removed it while we ran.
        (_, "42P01" | "42883") => StoreError::NotMigrated {
            database,
            found: 0,
            known: super::schema::known(),
        },
        ("28", _) | (_, "42501") => StoreError::Denied {
            database,
            detail: said,
        },
        (_, "53100") => StoreError::DiskFull { detail },
        ("XX", _) | ("58", _) => StoreError::Corrupt { detail },
        (_, "25006") => StoreError::NotWritable {
            path: database,
            detail: said,
        },
        ("22" | "54", _) => StoreError::Invalid { detail },
        _ => StoreError::Unavailable { detail },
    }
}

fn of_server(error: &Error) -> Option<&PgDatabaseError> {
    match error {
        Error::Database(error) => error.try_downcast_ref(),
        _ => None,
    }
}
