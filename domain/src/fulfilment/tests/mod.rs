mod compensation;
mod happy_path;
mod payment;
mod stock;
mod story;
mod steadiness;
