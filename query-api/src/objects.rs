//! The types of the schema, one file per thing. They show rows of the read models; what a thing
//! reads beside its own row it reads where the field is, and only when it is asked for. What goes back
//! to the log itself, `saga_story` and `causation`, is read by [`history`](crate::history).

pub mod as_of;
pub mod causation;
pub mod customer;
pub mod money;
pub mod notification;
pub mod notification_states;
pub mod order;
pub mod order_parts;
pub mod order_states;
pub mod payment;
pub mod payment_states;
pub mod product;
pub mod projection;
pub mod saga;
mod saga_reasons;
pub mod saga_states;
pub mod saga_story;
pub mod sales;
pub mod stock;
pub mod timeline;
