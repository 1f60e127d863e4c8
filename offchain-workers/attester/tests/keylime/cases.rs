//! Files to judge, and what Keylime says of them.

use base64::{engine::general_purpose::STANDARD, Engine};
use msec_attester::log::{appraisal::Appraisal, boot, envelope::PolicyKey, policy::RuntimePolicy};
use serde::Deserialize;
use std::{collections::BTreeMap, path::PathBuf};

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Verdicts {
	pub lists: Vec<ListVerdict>,
	pub envelopes: Vec<EnvelopeVerdict>,
	pub boot_logs: Vec<BootVerdict>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct ListVerdict {
	pub list: String,
	pub policy: String,
	/// PCR 10 of the SHA-256 bank after all entries that can be read.
	pub value: String,
	pub verdict: Verdict,
	/// The first entry that is refused, from 1.
	pub first: Option<usize>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct EnvelopeVerdict {
	pub envelope: String,
	pub key: String,
	pub verdict: Verdict,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct BootVerdict {
	pub log: String,
	pub verdict: Verdict,
	pub pcrs: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
	Accepted,
	Refused,
}

impl Verdict {
	pub fn of(is_accepted: bool) -> Self {
		match is_accepted {
			true => Self::Accepted,
			false => Self::Refused,
		}
	}
}

/// A folder with files to judge, and what Keylime says of them.
pub struct Cases {
	pub folder: PathBuf,
	pub verdicts: Verdicts,
}

impl Cases {
	/// The files in `folder`, and the verdicts that `judge.py` wrote.
	pub fn new(folder: impl Into<PathBuf>, verdicts: &str) -> Self {
		Self { folder: folder.into(), verdicts: serde_json::from_str(verdicts).unwrap() }
	}

	pub fn read(&self, name: &str) -> Vec<u8> {
		std::fs::read(self.folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
	}

	pub fn judge_lists(&self) {
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

	pub fn judge_envelopes(&self) {
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

	pub fn judge_boot_logs(&self) {
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
}

fn shown(verdict: Verdict) -> &'static str {
	match verdict {
		Verdict::Accepted => "accepted",
		Verdict::Refused => "refused",
	}
}
