mod compensation;
mod happy_path;
mod payment;
mod steadiness;
mod stock;
mod story;
