//! Orders carried through by the real process over a real log, with a clock that is moved by hand:
//! where each magic token leads, that doing everything twice changes nothing, and that whatever goes
//! wrong once, wherever it does, all is well in the end.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod clients;
mod doors;
mod faults;
mod fuse;
mod fused;
mod gateway;
mod ground;
mod labels;
mod notifications;
mod stripe;
mod tokens;
mod twice;
mod world;
