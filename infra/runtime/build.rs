//! Migrations are part of the program: one more of them builds it anew.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
