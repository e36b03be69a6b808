//! Has the golden events compiled in anew where there is one more of them; cargo sees changes alone.

fn main() {
    println!("cargo:rerun-if-changed=tests/golden/events");
}
