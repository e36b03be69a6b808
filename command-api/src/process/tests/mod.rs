//! Orders carried through by the real process over a real log, with a clock that is moved by hand:
//! where each magic token leads, that doing everything twice changes nothing, and that a crash
//! between any two writes ends the same.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod clients;
mod crashes;
mod doors;
mod fuse;
mod gateway;
mod notifications;
mod operators;
mod stripe;
mod tokens;
mod twice;
mod world;
