#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tenun_fuzz::run("matlab", data));
