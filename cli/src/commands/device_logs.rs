//! What `msec device` says of the logs of a device: the word of its registrar, not the chain's.

use msec_worker_common::chain::attestation::{Device, LogStatement, LogTier};
use serde_json::{json, Value};

/// What is shown of both logs at the height `block`.
pub fn rows(device: Option<&Device>, block: u64) -> [(&'static str, String); 2] {
	let statement = statement(device);
	let of = |tier: fn(&LogStatement) -> LogTier| match statement {
		None => "nothing is stated".to_owned(),
		Some(statement) => text(statement, tier(statement), block),
	};
	[("boot log", of(|stated| stated.verdict.boot)), ("IMA list", of(|stated| stated.verdict.ima))]
}

/// The same for programs; null when nothing is stated.
pub fn value(device: Option<&Device>, block: u64) -> Value {
	let Some(statement) = statement(device) else { return Value::Null };
	json!({
		"boot": statement.verdict.boot,
		"ima": statement.verdict.ima,
		"stated_at": statement.stated_at,
		"valid_until": statement.valid_until,
		"is_expired": statement.is_expired(block),
	})
}

fn statement(device: Option<&Device>) -> Option<&LogStatement> {
	device?.endorsement.as_ref()?.logs.as_ref()
}

fn text(statement: &LogStatement, tier: LogTier, block: u64) -> String {
	let LogStatement { stated_at, valid_until, .. } = statement;
	match statement.is_expired(block) {
		true => format!(
			"expired in block {valid_until}; its registrar said in block {stated_at}: {tier}"
		),
		false => {
			format!("{tier}, says its registrar in block {stated_at}, until block {valid_until}")
		},
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use msec_worker_common::{
		chain::attestation::{Endorsement, LogVerdict},
		AccountId32, H256,
	};

	fn device(logs: Option<LogStatement>) -> Device {
		Device {
			owner: AccountId32([1; 32]),
			attestation_key: Vec::new(),
			profile: H256([2; 32]),
			selection: 1,
			endorsement: Some(Endorsement { registrar: AccountId32([3; 32]), logs }),
			is_quarantined: false,
			quote_budget: 0,
			last_quote: None,
			result: None,
			challenge: None,
		}
	}

	fn stated() -> Device {
		let verdict = LogVerdict { boot: LogTier::Affirming, ima: LogTier::Contraindicated };
		device(Some(LogStatement { verdict, stated_at: 10, valid_until: 20 }))
	}

	#[test]
	fn both_logs_are_said_in_words() {
		let [(_, boot), (_, ima)] = rows(Some(&stated()), 20);
		assert_eq!(
			boot,
			"it replays, and everything in it is allowed, says its registrar in block 10, until \
			block 20"
		);
		assert!(ima.starts_with("it does not replay, or something in it is not allowed"), "{ima}");
		let expected = json!({
			"boot": "Affirming",
			"ima": "Contraindicated",
			"stated_at": 10,
			"valid_until": 20,
			"is_expired": false,
		});
		assert_eq!(value(Some(&stated()), 20), expected);
	}

	#[test]
	fn expired_statements_are_said_to_be_expired() {
		for (_, text) in rows(Some(&stated()), 21) {
			assert!(text.starts_with("expired in block 20; its registrar said in block 10: it "));
		}
		assert_eq!(value(Some(&stated()), 21)["is_expired"], true);
	}

	#[test]
	fn where_nothing_is_stated_nothing_is_said() {
		for unknown in [None, Some(&device(None))] {
			for (_, text) in rows(unknown, 1) {
				assert_eq!(text, "nothing is stated");
			}
			assert_eq!(value(unknown, 1), Value::Null);
		}
	}
}
