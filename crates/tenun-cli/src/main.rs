//! The program `tenun`.
fn main() {}
