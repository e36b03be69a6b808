//! The saga, branch by branch: given what happened, when this is heard, then that is asked for.

mod compensation;
mod happy_path;
mod operator;
mod payment;
mod resolving;
mod resuming;
mod retrying;
mod skipping;
mod steadiness;
mod stock;
mod story;
mod turning_back;
