//! Lists, policies, envelopes and boot logs are judged as Keylime judges them; `tests/keylime/README.md`
//! says where its verdicts come from.

#[path = "keylime/cases.rs"]
mod cases;

use cases::{Cases, Verdict, Verdicts};
use msec_attester::log::{
	appraisal::Appraisal,
	policy::{Finding, RuntimePolicy},
};
use std::process::{Command, Output};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keylime");

fn own() -> Cases {
	Cases::new(FOLDER, include_str!("keylime/verdicts.json"))
}

/// Runs `msec-attester log ima` in the folder.
fn log_ima(arguments: &[&str]) -> Output {
	Command::new(env!("CARGO_BIN_EXE_msec-attester"))
		.args(["log", "ima"])
		.args(arguments)
		.current_dir(FOLDER)
		.output()
		.unwrap()
}

#[test]
fn lists_are_judged_as_by_keylime() {
	own().judge_lists();
}

#[test]
fn envelopes_are_judged_as_by_keylime() {
	own().judge_envelopes();
}

#[test]
fn boot_logs_are_replayed_as_by_keylime() {
	own().judge_boot_logs();
}

#[test]
fn both_verdicts_occur_for_each_policy_that_allows_anything() {
	let Verdicts { lists, .. } = own().verdicts;
	for policy in ["all.policy", "excludes.policy", "other.policy", "log-sha256.policy"] {
		let of =
			|verdict| lists.iter().any(|case| case.policy == policy && case.verdict == verdict);
		assert!(of(Verdict::Accepted) && of(Verdict::Refused), "{policy}");
	}
}

#[test]
fn the_program_says_the_same() {
	for keylimes in own().verdicts.lists.iter().filter(|case| case.policy == "all.policy") {
		let output = log_ima(&[&keylimes.list, "--policy", &keylimes.policy]);
		let verdict = Verdict::of(output.status.success());
		assert_eq!(verdict, keylimes.verdict, "{}", keylimes.list);
		let error = String::from_utf8(output.stderr).unwrap();
		if let Some(first) = keylimes.first {
			assert!(error.contains(&format!("entry {first}")), "{}: {error}", keylimes.list);
		}
	}
}

#[test]
fn the_program_takes_policies_out_of_envelopes_that_were_signed_by_the_right_key() {
	for keylimes in &own().verdicts.envelopes {
		let (policy, key) = (&keylimes.envelope, &keylimes.key);
		let options = ["ng-sha256.list", "--policy", policy, "--policy-key", key];
		let output = log_ima(&options);
		assert_eq!(Verdict::of(output.status.success()), keylimes.verdict, "{policy}");
	}
	// Who asks for a signature gets none but that.
	let unsigned = ["ng-sha256.list", "--policy", "all.policy", "--policy-key", "policy-key.pem"];
	let error = String::from_utf8(log_ima(&unsigned).stderr).unwrap();
	assert!(error.contains("signed envelope"), "{error}");
}

#[test]
fn an_excluded_file_may_have_been_open_for_writing() {
	// Keylime takes either every violation for a failure, or none, by its configuration.
	let policy =
		br#"{"meta": {"version": 1}, "digests": {}, "excludes": ["boot_aggregate", "/usr/bin/a"]}"#;
	let policy = RuntimePolicy::parse(policy).unwrap();
	let mut list = own().read("violation.list");
	let judge = |list: &[u8]| {
		let mut appraisal = Appraisal::new(Some(&policy));
		appraisal.read(&mut &*list, |_| false).unwrap();
		appraisal.finding().cloned()
	};
	let expected = Finding::Violation { number: 3, path: "/usr/bin/b".into() };
	assert_eq!(judge(&list), Some(expected));
	let last = list.len() - 2;
	assert_eq!(list[last], b'b');
	list[last] = b'a';
	assert_eq!(judge(&list), None);
}
