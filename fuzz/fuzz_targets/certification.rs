#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| msec_fuzz::checks::certification(bytes));
