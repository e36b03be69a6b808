//! The API from outside, over a real log and real read models.

mod as_of;
mod consistency;
mod http;
mod limits;
mod notifications;
mod playground;
mod reading;
mod sagas;
mod schema;
mod socket;
mod world;
