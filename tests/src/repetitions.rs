//! How often, how many and how long: less when it is to be quick, all of it in the long version.

use std::env;

/// Set in the long version of the tests.
const FULL: &str = "MSEC_TEST_FULL";

/// `short`, or in the long version of the tests `long`.
pub fn repetitions(short: u32, long: u32) -> u32 {
	if env::var_os(FULL).is_some() {
		long
	} else {
		short
	}
}
