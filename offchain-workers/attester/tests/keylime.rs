//! Lists, policies, envelopes and boot logs are judged as Keylime judges them; `tests/keylime/README.md`
//! says where its verdicts come from.

use base64::{engine::general_purpose::STANDARD, Engine};
use msec_attester::log::{
	appraisal::Appraisal,
	boot,
	envelope::PolicyKey,
	policy::{Finding, RuntimePolicy},
};
use serde::Deserialize;
use std::{
	collections::BTreeMap,
	path::{Path, PathBuf},
	process::{Command, Output},
};

/// Where Keylime's own folder test/data is, for the tests that need it.
const PUBLISHED: &str = "MSEC_KEYLIME_DATA";

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Verdicts {
	lists: Vec<ListVerdict>,
	envelopes: Vec<EnvelopeVerdict>,
	boot_logs: Vec<BootVerdict>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct ListVerdict {
	list: String,
	policy: String,
	/// PCR 10 of the SHA-256 bank after all entries that can be read.
	value: String,
	verdict: Verdict,
	/// The first entry that is refused, from 1.
	first: Option<usize>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct EnvelopeVerdict {
	envelope: String,
	key: String,
	verdict: Verdict,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct BootVerdict {
	log: String,
	verdict: Verdict,
	pcrs: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
	Accepted,
	Refused,
}

impl Verdict {
	fn of(is_accepted: bool) -> Self {
		match is_accepted {
			true => Self::Accepted,
			false => Self::Refused,
		}
	}
}

/// A folder with files to judge, and what Keylime says of them.
struct Cases {
	folder: PathBuf,
	verdicts: Verdicts,
}

impl Cases {
	fn own() -> Self {
		let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keylime");
		Self { folder, verdicts: parse(include_str!("keylime/verdicts.json")) }
	}

	fn published() -> Self {
		let folder = std::env::var_os(PUBLISHED)
			.unwrap_or_else(|| panic!("{PUBLISHED} names Keylime's folder test/data"));
		let verdicts = parse(include_str!("keylime/published-verdicts.json"));
		Self { folder: folder.into(), verdicts }
	}

	fn read(&self, name: &str) -> Vec<u8> {
		std::fs::read(self.folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
	}

	fn judge_lists(&self) {
		println!("{:<40} {:<40} {:<10} first", "list", "policy", "verdict");
		for keylimes in &self.verdicts.lists {
			let (ours, reason) = self.judge_list(keylimes);
			println!("{:<40} {:<40} {:<10} {reason}", ours.list, ours.policy, shown(ours.verdict));
			assert_eq!(&ours, keylimes);
		}
	}

	/// Our verdict about the same, and the reason.
	fn judge_list(&self, keylimes: &ListVerdict) -> (ListVerdict, String) {
		let policy = RuntimePolicy::parse(&self.read(&keylimes.policy)).unwrap();
		let mut appraisal = Appraisal::new(Some(&policy));
		let end = appraisal.read(&mut self.read(&keylimes.list).as_slice(), |_| false);
		let found = appraisal.finding().map(|finding| (finding.number(), finding.to_string()));
		let unreadable = end.as_ref().err().map(|error| {
			let number = appraisal.replayed().entries() + 1;
			(number, error.to_string())
		});
		let first = found.or(unreadable);
		// Keylime goes on after an entry that it cannot read; then there is nothing to compare.
		let value = match end {
			Ok(()) => hex::encode(appraisal.replayed().value()),
			Err(_) => keylimes.value.clone(),
		};
		let ours = ListVerdict {
			list: keylimes.list.clone(),
			policy: keylimes.policy.clone(),
			value,
			verdict: Verdict::of(first.is_none()),
			first: first.as_ref().map(|(number, _)| *number),
		};
		(ours, first.map(|(_, reason)| reason).unwrap_or_default())
	}

	fn judge_envelopes(&self) {
		for keylimes in &self.verdicts.envelopes {
			let key = PolicyKey::from_pem(&self.read(&keylimes.key)).unwrap();
			let opened = key.open(&self.read(&keylimes.envelope));
			let reason = opened.as_ref().err().map(ToString::to_string);
			println!("{:<50} {}", keylimes.envelope, reason.unwrap_or_default());
			assert_eq!(Verdict::of(opened.is_ok()), keylimes.verdict, "{}", keylimes.envelope);
			if let Ok(policy) = opened {
				RuntimePolicy::parse(&policy).unwrap();
			}
		}
	}

	fn judge_boot_logs(&self) {
		for keylimes in &self.verdicts.boot_logs {
			let mut log = self.read(&keylimes.log);
			if keylimes.log.ends_with(".b64") {
				log.retain(|byte| !byte.is_ascii_whitespace());
				log = STANDARD.decode(log).unwrap();
			}
			let replayed = boot::replay(&log);
			let reason = replayed.as_ref().err().map(ToString::to_string);
			println!("{:<50} {}", keylimes.log, reason.unwrap_or_default());
			assert_eq!(Verdict::of(replayed.is_ok()), keylimes.verdict, "{}", keylimes.log);
			let values = replayed.map(|replayed| replayed.values).unwrap_or_default();
			let shown = |(pcr, value): (u8, [u8; 32])| (pcr.to_string(), hex::encode(value));
			let values: BTreeMap<_, _> = values.into_iter().map(shown).collect();
			assert_eq!(values, keylimes.pcrs, "{}", keylimes.log);
		}
	}

	/// Runs `msec-attester log ima` in the folder.
	fn log_ima(&self, arguments: &[&str]) -> Output {
		Command::new(env!("CARGO_BIN_EXE_msec-attester"))
			.args(["log", "ima"])
			.args(arguments)
			.current_dir(&self.folder)
			.output()
			.unwrap()
	}
}

fn parse(verdicts: &str) -> Verdicts {
	serde_json::from_str(verdicts).unwrap()
}

fn shown(verdict: Verdict) -> &'static str {
	match verdict {
		Verdict::Accepted => "accepted",
		Verdict::Refused => "refused",
	}
}

#[test]
fn lists_are_judged_as_by_keylime() {
	Cases::own().judge_lists();
}

#[test]
fn envelopes_are_judged_as_by_keylime() {
	Cases::own().judge_envelopes();
}

#[test]
fn boot_logs_are_replayed_as_by_keylime() {
	Cases::own().judge_boot_logs();
}

#[test]
#[ignore = "needs Keylime's folder test/data at MSEC_KEYLIME_DATA"]
fn what_keylime_publishes_is_judged_as_by_keylime() {
	let published = Cases::published();
	published.judge_lists();
	published.judge_envelopes();
	published.judge_boot_logs();
}

#[test]
fn both_verdicts_occur_for_each_policy_that_allows_anything() {
	let Verdicts { lists, .. } = Cases::own().verdicts;
	for policy in ["all.policy", "excludes.policy", "other.policy", "log-sha256.policy"] {
		let of =
			|verdict| lists.iter().any(|case| case.policy == policy && case.verdict == verdict);
		assert!(of(Verdict::Accepted) && of(Verdict::Refused), "{policy}");
	}
}

#[test]
fn the_program_says_the_same() {
	let cases = Cases::own();
	for keylimes in cases.verdicts.lists.iter().filter(|case| case.policy == "all.policy") {
		let output = cases.log_ima(&[&keylimes.list, "--policy", &keylimes.policy]);
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
	let cases = Cases::own();
	for keylimes in &cases.verdicts.envelopes {
		let (policy, key) = (&keylimes.envelope, &keylimes.key);
		let options = ["ng-sha256.list", "--policy", policy, "--policy-key", key];
		let output = cases.log_ima(&options);
		assert_eq!(Verdict::of(output.status.success()), keylimes.verdict, "{policy}");
	}
	// Who asks for a signature gets none but that.
	let unsigned = ["ng-sha256.list", "--policy", "all.policy", "--policy-key", "policy-key.pem"];
	let error = String::from_utf8(cases.log_ima(&unsigned).stderr).unwrap();
	assert!(error.contains("signed envelope"), "{error}");
}

#[test]
fn an_excluded_file_may_have_been_open_for_writing() {
	// Keylime takes either every violation for a failure, or none, by its configuration.
	let policy =
		br#"{"meta": {"version": 1}, "digests": {}, "excludes": ["boot_aggregate", "/usr/bin/a"]}"#;
	let policy = RuntimePolicy::parse(policy).unwrap();
	let mut list = Cases::own().read("violation.list");
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
