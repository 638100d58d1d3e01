//! Words that users read, as they are: help, tables, errors. `TRYCMD=overwrite cargo test` writes them anew.

#[test]
fn the_program_says_what_it_said() {
    trycmd::TestCases::new()
        .env("TERM", "dumb")
        .env("TENUN_SIMD", "")
        .env("TENUN_DATA", "")
        .case("tests/snapshots/*.trycmd");
}
