//! The saga, branch by branch: given what happened, when this is heard, then that is asked for.

mod compensation;
mod happy_path;
mod payment;
mod steadiness;
mod stock;
mod story;
