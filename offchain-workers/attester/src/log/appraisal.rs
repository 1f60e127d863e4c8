//! Lists of files held against a policy while they are read.

use super::{
	ima::{ImaError, Replayer, MAX_LINE_LENGTH},
	policy::{Finding, RuntimePolicy},
};
use std::io::{self, BufRead, Read};

/// Why a list cannot be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
	/// An entry cannot be replayed.
	#[error(transparent)]
	Entry(#[from] ImaError),
	/// The bytes cannot be read.
	#[error("the IMA list cannot be read: {0}")]
	Unreadable(#[from] io::Error),
}

/// Replays a list and remembers the first entry that is not as the policy says. Of the list itself nothing
/// is kept.
#[derive(Debug)]
pub struct Appraisal<'a> {
	policy: Option<&'a RuntimePolicy>,
	replayer: Replayer,
	finding: Option<Finding>,
}

impl<'a> Appraisal<'a> {
	/// An appraisal by `policy`; without one, lists are only replayed.
	pub fn new(policy: Option<&'a RuntimePolicy>) -> Self {
		Self { policy, replayer: Replayer::default(), finding: None }
	}

	/// The first entry that is not as the policy says, if there is one until now.
	pub fn finding(&self) -> Option<&Finding> {
		self.finding.as_ref()
	}

	/// What was replayed until now.
	pub fn replayed(&self) -> &Replayer {
		&self.replayer
	}

	/// Reads entries to the end of the list, or until `is_enough` says so after one.
	pub fn read(
		&mut self,
		reader: &mut impl BufRead,
		mut is_enough: impl FnMut(&Replayer) -> bool,
	) -> Result<(), ListError> {
		let mut line = Vec::new();
		// One byte more than a line may have, so that a longer one is noticed, and its end.
		let limit = MAX_LINE_LENGTH as u64 + 2;
		while reader.by_ref().take(limit).read_until(b'\n', &mut line)? > 0 {
			let text = line.strip_suffix(b"\n").unwrap_or(&line);
			if !text.is_empty() {
				self.take(text)?;
				if is_enough(&self.replayer) {
					return Ok(());
				}
			}
			line.clear();
		}
		Ok(())
	}

	fn take(&mut self, line: &[u8]) -> Result<(), ImaError> {
		let entry = self.replayer.take(line)?;
		if self.finding.is_none() {
			let number = self.replayer.entries();
			self.finding = self.policy.and_then(|policy| policy.find(number, &entry));
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::log::{
		ima::{
			replay,
			tests::{line, line_of_bytes},
			Fault, Template,
		},
		HashAlgorithm,
	};

	fn list(entries: usize) -> String {
		let sha1 = HashAlgorithm::Sha1;
		let lines = (0..entries)
			.map(|number| line(Template::ImaNg, sha1, sha1, &format!("/bin/{number}"), &[]));
		lines.map(|line| line + "\n").collect()
	}

	#[test]
	fn a_list_is_replayed_to_the_same_value_as_at_once() {
		let list = list(20);
		let mut appraisal = Appraisal::new(None);
		appraisal.read(&mut list.as_bytes(), |_| false).unwrap();
		let replayed = replay(&list).unwrap();
		assert_eq!(appraisal.replayed().value(), replayed.value);
		assert_eq!(appraisal.replayed().entries(), 20);
		assert_eq!(appraisal.finding(), None);
	}

	#[test]
	fn what_comes_after_the_end_is_not_looked_at() {
		let list = list(3) + "nonsense\n";
		let mut appraisal = Appraisal::new(None);
		let mut reader = list.as_bytes();
		appraisal.read(&mut reader, |replayed| replayed.entries() == 3).unwrap();
		assert_eq!(reader, b"nonsense\n");
		let error = appraisal.read(&mut reader, |_| false).unwrap_err();
		assert!(error.to_string().starts_with("entry 4"), "{error}");
	}

	#[test]
	fn the_first_finding_is_kept() {
		let policy = include_bytes!("../../tests/keylime/empty.policy");
		let policy = RuntimePolicy::parse(policy).unwrap();
		let mut appraisal = Appraisal::new(Some(&policy));
		appraisal.read(&mut list(3).as_bytes(), |_| false).unwrap();
		assert_eq!(appraisal.finding().map(Finding::number), Some(1));
	}

	#[test]
	fn a_name_that_is_not_text_leaves_the_rest_of_the_list_readable() {
		let policy = include_bytes!("../../tests/keylime/empty.policy");
		let policy = RuntimePolicy::parse(policy).unwrap();
		let sha1 = HashAlgorithm::Sha1;
		let odd = line_of_bytes(Template::ImaNg, sha1, sha1, b"/bin/\xff", &[]);
		let both = [&odd[..], b"\n", list(1).as_bytes()].concat();
		let mut appraisal = Appraisal::new(Some(&policy));
		appraisal.read(&mut both.as_slice(), |_| false).unwrap();
		assert_eq!(appraisal.replayed().entries(), 2);
		let path = "/bin/\u{fffd}".to_owned();
		assert_eq!(appraisal.finding(), Some(&Finding::Unknown { number: 1, path }));
	}

	#[test]
	fn long_lines_and_other_bytes_are_faults_of_their_entry() {
		let long = "a".repeat(MAX_LINE_LENGTH * 3);
		for bytes in [long.as_bytes(), b"10 \xff\n"] {
			let both = [list(1).as_bytes(), bytes].concat();
			let error = Appraisal::new(None).read(&mut both.as_slice(), |_| false).unwrap_err();
			let expected = ImaError { number: 2, fault: Fault::Malformed };
			assert!(matches!(error, ListError::Entry(error) if error == expected));
		}
	}
}
