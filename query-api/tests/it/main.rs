//! The API from outside.

mod schema;
