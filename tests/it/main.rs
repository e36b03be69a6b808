//! The system as its users meet it: the real binary, its real files, its real port.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod adopting;
mod audits;
mod backups;
mod binary;
mod consistency;
mod crash;
mod data_directory;
mod dead_letter;
mod description;
mod end_to_end;
mod exports;
mod exports_killed;
mod exports_refused;
mod invoices;
mod migrating;
mod notifications;
mod operators;
mod payments;
mod playground;
mod public_topics;
mod rebuilding;
mod replay_killed;
mod rows;
mod saga_replay;
mod sagas;
mod scenarios;
mod schema;
mod sealed_move;
mod seals;
mod stripe;
#[path = "../../command-api/src/process/tests/stripe/account.rs"]
mod stripe_account;
mod topology;
