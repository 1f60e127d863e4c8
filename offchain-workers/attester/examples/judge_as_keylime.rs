//! Judges what Keylime publishes in its folder test/data, and ends with an error where Keylime's own
//! verdict differs: `cargo run --release -p msec-attester --example judge_as_keylime -- KEYLIME/test/data`

#[path = "../tests/keylime/cases.rs"]
mod cases;

fn main() {
	let Some(folder) = std::env::args_os().nth(1) else {
		eprintln!("usage: judge_as_keylime KEYLIME/test/data");
		std::process::exit(2);
	};
	let verdicts = include_str!("../tests/keylime/published-verdicts.json");
	let published = cases::Cases::new(folder, verdicts);
	published.judge_lists();
	published.judge_envelopes();
	published.judge_boot_logs();
}
