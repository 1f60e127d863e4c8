//! The list of files that the kernel's Integrity Measurement Architecture measured
//! (`ascii_runtime_measurements`).
//!
//! A line has the PCR, the template hash, the template's name and its fields. The template hash is checked
//! against the fields, in whatever algorithm the list is kept, and the list is replayed in the SHA-256 bank,
//! which the kernel extends by the SHA-256 of the same fields.

use super::{extend, HashAlgorithm};
use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// Longest line in bytes: a path, a signature and a key certificate in hexadecimal.
pub const MAX_LINE_LENGTH: usize = 64 * 1024;
/// Most entries; a busy machine has a few hundred thousand after months.
pub const MAX_ENTRIES: usize = 4_000_000;
/// The kernel's length of a name in the template `ima`, with the terminating zero.
const NAME_LENGTH: usize = 256;
/// The PCR that the kernel extends, unless it was built otherwise.
const DEFAULT_PCR: u8 = 10;
/// What the kernel extends when the hash would say nothing.
const VIOLATION: [u8; 32] = [0xff; 32];

/// What is wrong with a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
	/// The line has not the form that its template has.
	#[error("the line is malformed")]
	Malformed,
	/// The template is none of `ima`, `ima-ng`, `ima-sig` and `ima-buf`.
	#[error("the template is not known")]
	UnknownTemplate,
	/// The hash algorithm is none of SHA-1, SHA-256, SHA-384 and SHA-512.
	#[error("the hash algorithm is not known")]
	UnknownAlgorithm,
	/// The template hash is not that of the fields.
	#[error("the template hash does not fit the entry")]
	TemplateHash,
	/// The entry is about another PCR than those before it.
	#[error("the entry is about another PCR than those before it")]
	OtherPcr,
	/// There are more entries than anybody has.
	#[error("there are more than {MAX_ENTRIES} entries")]
	TooLong,
}

/// An entry that cannot be replayed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {number} of the IMA list: {fault}")]
pub struct ImaError {
	/// Which, from 1.
	pub number: usize,
	/// What is wrong.
	pub fault: Fault,
}

/// How the fields of an entry are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Template {
	/// SHA-1 or MD5 digest and name, without lengths.
	Ima,
	/// Digest with algorithm, and name.
	ImaNg,
	/// The same, and the file's signature if it has one.
	ImaSig,
	/// The same, and the buffer that was measured.
	ImaBuf,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
	/// How the template hash was made, by its length.
	pub log_algorithm: HashAlgorithm,
	/// How its fields are laid out.
	pub template: Template,
	/// How the digest was made.
	pub algorithm: HashAlgorithm,
	/// Digest of the file or buffer.
	pub digest: Vec<u8>,
	/// Path of the file, or name of the buffer: for Linux any bytes.
	pub path: &'a [u8],
	/// The signature of `ima-sig`, the buffer of `ima-buf`; else empty.
	pub data: Vec<u8>,
	/// Whether the file was open for writing while it was measured, so that the digest says nothing.
	pub is_violation: bool,
}

/// A list that was replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay<'a> {
	/// The PCR that it is about; 10 unless the kernel was built otherwise.
	pub pcr: u8,
	/// The value of that PCR in the SHA-256 bank after all entries.
	pub value: [u8; 32],
	/// The entries in order.
	pub entries: Vec<Entry<'a>>,
}

/// Replays a list.
pub fn replay(list: &(impl AsRef<[u8]> + ?Sized)) -> Result<Replay<'_>, ImaError> {
	let mut replayer = Replayer::default();
	let lines = list.as_ref().split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
	let entries = lines.map(|line| replayer.take(line)).collect::<Result<_, _>>()?;
	Ok(Replay { pcr: replayer.pcr(), value: replayer.value(), entries })
}

/// Replays a list line by line, as it arrives.
#[derive(Clone, Debug, Default)]
pub struct Replayer {
	pcr: Option<u8>,
	value: [u8; 32],
	entries: usize,
}

impl Replayer {
	/// Replays the next entry.
	pub fn take<'a>(&mut self, line: &'a [u8]) -> Result<Entry<'a>, ImaError> {
		let number = self.entries + 1;
		let named = |fault| ImaError { number, fault };
		if number > MAX_ENTRIES {
			return Err(named(Fault::TooLong));
		}
		let (pcr, entry, digest) = parse(line).map_err(named)?;
		if pcr != *self.pcr.get_or_insert(pcr) {
			return Err(named(Fault::OtherPcr));
		}
		extend(&mut self.value, &digest);
		self.entries = number;
		Ok(entry)
	}

	/// The PCR that the list is about; 10 unless the kernel was built otherwise.
	pub fn pcr(&self) -> u8 {
		self.pcr.unwrap_or(DEFAULT_PCR)
	}

	/// The value of that PCR in the SHA-256 bank after the entries until now.
	pub fn value(&self) -> [u8; 32] {
		self.value
	}

	/// How many entries there were until now.
	pub fn entries(&self) -> usize {
		self.entries
	}
}

/// PCR, entry, and what the SHA-256 bank is extended by.
fn parse(line: &[u8]) -> Result<(u8, Entry<'_>, [u8; 32]), Fault> {
	if line.len() > MAX_LINE_LENGTH {
		return Err(Fault::Malformed);
	}
	let begin = line.iter().position(|byte| *byte != b' ').ok_or(Fault::Malformed)?;
	let mut words = line[begin..].splitn(4, |byte| *byte == b' ');
	let mut next = || words.next().ok_or(Fault::Malformed);
	let pcr = text(next()?)?.parse().ok().filter(|pcr| *pcr < 24).ok_or(Fault::Malformed)?;
	let template_hash = hex::decode(next()?).map_err(|_| Fault::Malformed)?;
	let template = match next()? {
		b"ima" => Template::Ima,
		b"ima-ng" => Template::ImaNg,
		b"ima-sig" => Template::ImaSig,
		b"ima-buf" => Template::ImaBuf,
		_ => return Err(Fault::UnknownTemplate),
	};
	let fields = next()?;
	let log_algorithm =
		HashAlgorithm::by_length(template_hash.len()).ok_or(Fault::UnknownAlgorithm)?;
	let is_violation = template_hash.iter().all(|byte| *byte == 0);
	let end = fields.iter().position(|byte| *byte == b' ').ok_or(Fault::Malformed)?;
	let (digest, rest) = (&fields[..end], &fields[end + 1..]);
	let (algorithm, digest) = parse_digest(template, text(digest)?)?;

	let mut found = None;
	for (path, data) in readings(template, rest)? {
		let digest = digest.clone();
		let entry = Entry { log_algorithm, template, algorithm, digest, path, data, is_violation };
		let bytes = entry.template_data().ok_or(Fault::Malformed)?;
		if is_violation {
			return Ok((pcr, entry, VIOLATION));
		}
		if log_algorithm.digest(&bytes) == template_hash {
			found = Some((entry, Sha256::digest(&bytes).into()));
			break;
		}
	}
	let (entry, digest) = found.ok_or(Fault::TemplateHash)?;
	Ok((pcr, entry, digest))
}

/// What the kernel writes itself is text; only names may be other bytes.
fn text(bytes: &[u8]) -> Result<&str, Fault> {
	std::str::from_utf8(bytes).map_err(|_| Fault::Malformed)
}

fn parse_digest(template: Template, text: &str) -> Result<(HashAlgorithm, Vec<u8>), Fault> {
	let (algorithm, digits) = match (template, text.split_once(':')) {
		(Template::Ima, None) => (HashAlgorithm::Sha1, text),
		(Template::Ima, Some(_)) | (_, None) => return Err(Fault::Malformed),
		(_, Some((name, digits))) => {
			(HashAlgorithm::by_name(name).ok_or(Fault::UnknownAlgorithm)?, digits)
		},
	};
	let digest = hex::decode(digits).map_err(|_| Fault::Malformed)?;
	match digest.len() == algorithm.length() {
		true => Ok((algorithm, digest)),
		false => Err(Fault::Malformed),
	}
}

/// A path and the data behind it.
type Reading<'a> = (&'a [u8], Vec<u8>);

/// How the end of a line can be read: a path may hold spaces, and a signature may be missing, so that only
/// the template hash says where the path ends.
fn readings(template: Template, rest: &[u8]) -> Result<Vec<Reading<'_>>, Fault> {
	let split = || {
		let end = rest.iter().rposition(|byte| *byte == b' ')?;
		Some((&rest[..end], hex::decode(&rest[end + 1..]).ok()?))
	};
	let whole = || (rest, Vec::new());
	match template {
		Template::Ima | Template::ImaNg => Ok(vec![whole()]),
		// The kernel writes the space before a signature also when there is none.
		Template::ImaSig => Ok(split().into_iter().chain([whole()]).collect()),
		Template::ImaBuf => Ok(vec![split().ok_or(Fault::Malformed)?]),
	}
}

impl<'a> Entry<'a> {
	/// The path as it is shown; bytes that are not UTF-8 are replaced.
	pub fn shown_path(&self) -> Cow<'a, str> {
		String::from_utf8_lossy(self.path)
	}

	/// The bytes of which the template hash is made; `None` if the kernel cannot have written them.
	fn template_data(&self) -> Option<Vec<u8>> {
		if self.template == Template::Ima {
			let padding =
				NAME_LENGTH.checked_sub(self.path.len()).filter(|padding| *padding > 0)?;
			return Some([&self.digest[..], self.path, &vec![0; padding]].concat());
		}
		let mut bytes = Vec::with_capacity(128 + self.path.len() + self.data.len());
		let mut field = |parts: &[&[u8]]| {
			let length: usize = parts.iter().map(|part| part.len()).sum();
			bytes.extend(u32::try_from(length).ok()?.to_le_bytes());
			parts.iter().for_each(|part| bytes.extend_from_slice(part));
			Some(())
		};
		field(&[self.algorithm.name().as_bytes(), b":\0", &self.digest])?;
		field(&[self.path, b"\0"])?;
		if matches!(self.template, Template::ImaSig | Template::ImaBuf) {
			field(&[&self.data])?;
		}
		Some(bytes)
	}
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use proptest::prelude::*;

	/// A line as the kernel writes it, in a list of `log_algorithm`.
	pub(crate) fn line(
		template: Template,
		log_algorithm: HashAlgorithm,
		algorithm: HashAlgorithm,
		path: &str,
		data: &[u8],
	) -> String {
		let line = line_of_bytes(template, log_algorithm, algorithm, path.as_bytes(), data);
		String::from_utf8(line).unwrap()
	}

	/// The same with any name.
	pub(crate) fn line_of_bytes(
		template: Template,
		log_algorithm: HashAlgorithm,
		algorithm: HashAlgorithm,
		path: &[u8],
		data: &[u8],
	) -> Vec<u8> {
		let digest = algorithm.digest(path);
		let shown = hex::encode(&digest);
		let entry = Entry {
			log_algorithm,
			template,
			algorithm,
			digest,
			path,
			data: data.to_vec(),
			is_violation: false,
		};
		let hash = hex::encode(log_algorithm.digest(&entry.template_data().unwrap()));
		let name = algorithm.name();
		let begin = match template {
			Template::Ima => format!("10 {hash} ima {shown} "),
			Template::ImaNg => format!("10 {hash} ima-ng {name}:{shown} "),
			Template::ImaSig => format!("10 {hash} ima-sig {name}:{shown} "),
			Template::ImaBuf => format!("10 {hash} ima-buf {name}:{shown} "),
		};
		let end = match template {
			Template::Ima | Template::ImaNg => String::new(),
			Template::ImaSig | Template::ImaBuf => format!(" {}", hex::encode(data)),
		};
		[begin.as_bytes(), path, end.as_bytes()].concat()
	}

	pub(crate) const TEMPLATES: [Template; 4] =
		[Template::Ima, Template::ImaNg, Template::ImaSig, Template::ImaBuf];

	fn fault_of(list: &str) -> (usize, Fault) {
		let error = replay(list).unwrap_err();
		(error.number, error.fault)
	}

	/// One entry of each template, made with Python's hashlib.
	const LIST: &str = concat!(
		"10 1771725e8de79d9030593200e14e37f1b761acbc ima fe05bcdcdc4928012781a5f1a2a77cbb5398e106 boot_aggregate\n",
		"10 600cae053cde310f1dc07550382366782a37a1e5 ima-ng sha256:3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3 /usr/bin/two words\n",
		"10 879bb31add1af8009232004ee37b591eff1fa8ac ima-sig sha256:8b5b9db0c13db24256c829aa364aa90c6d2eba318b9232a4ab9313b954d3555f /usr/bin/three 0302046e\n",
		"10 811ac7be93a60727f20924a67f79cd2c19aff857 ima-buf sha512:39a52bfc3af78ae6cb5a2c110014a610134bb7c3d67678a5bee8b5ab86a733509fe50a69d0d4d5e8a84eef546713d6334f1d5207112f1140de025e6b77413d32 kexec-cmdline 666f7572\n",
	);
	const VALUE: &str = "f68021641e90bdb4aa21e62e0ffca0c1e2dbe75abf2a4dd4cc81247e3631218f";

	#[test]
	fn a_list_of_another_implementation_has_its_value() {
		let replayed = replay(LIST).unwrap();
		assert_eq!((replayed.pcr, hex::encode(replayed.value)), (10, VALUE.to_owned()));
		let paths: Vec<_> = replayed.entries.iter().map(Entry::shown_path).collect();
		assert_eq!(
			paths,
			["boot_aggregate", "/usr/bin/two words", "/usr/bin/three", "kexec-cmdline"]
		);
		assert_eq!(replayed.entries[2].data, [3, 2, 4, 0x6e]);
		assert_eq!(replayed.entries[3].data, b"four");
	}

	#[test]
	fn all_templates_and_algorithms_are_replayed_to_the_same_bank() {
		for template in TEMPLATES {
			let values: Vec<_> = HashAlgorithm::ALL
				.into_iter()
				.map(|log_algorithm| {
					let list =
						line(template, log_algorithm, HashAlgorithm::Sha1, "/bin/a b", &[1, 2]);
					let replayed = replay(&list).unwrap();
					assert_eq!(replayed.entries[0].path, b"/bin/a b");
					replayed.value
				})
				.collect();
			assert!(values.windows(2).all(|pair| pair[0] == pair[1]), "{template:?}");
		}
	}

	#[test]
	fn a_signature_may_be_missing_and_a_path_may_look_like_one() {
		let sha256 = HashAlgorithm::Sha256;
		let unsigned = line(Template::ImaSig, sha256, sha256, "/bin/a 00ff", &[]);
		for list in [unsigned.as_str(), unsigned.trim_end()] {
			let replayed = replay(list).unwrap();
			assert_eq!(replayed.entries[0].path, b"/bin/a 00ff");
			assert!(replayed.entries[0].data.is_empty());
		}
		let signed = line(Template::ImaSig, sha256, sha256, "/bin/a", &[3, 2]);
		let replayed = replay(&signed).unwrap();
		assert_eq!(
			(replayed.entries[0].path, &replayed.entries[0].data[..]),
			(&b"/bin/a"[..], &[3, 2][..])
		);
	}

	#[test]
	fn names_may_be_any_bytes() {
		let sha256 = HashAlgorithm::Sha256;
		for template in [Template::ImaNg, Template::ImaSig, Template::ImaBuf] {
			let name = b"/bin/\xff\xfe name\xc3";
			let list = line_of_bytes(template, sha256, sha256, name, &[3, 2]);
			let replayed = replay(&list).unwrap();
			assert_eq!(replayed.entries[0].path, name);
			assert_eq!(replayed.entries[0].shown_path(), "/bin/\u{fffd}\u{fffd} name\u{fffd}");
			let mut other = list.clone();
			let at = other.iter().position(|byte| *byte == 0xfe).unwrap();
			other[at] = 0xfd;
			assert_eq!(replay(&other).unwrap_err().fault, Fault::TemplateHash);
		}
	}

	#[test]
	fn a_violation_extends_ones() {
		let zero = "0".repeat(40);
		let list = format!("10 {zero} ima-ng sha1:{zero} /var/log/wtmp");
		let replayed = replay(&list).unwrap();
		assert!(replayed.entries[0].is_violation);
		let mut expected = [0; 32];
		extend(&mut expected, &[0xff; 32]);
		assert_eq!(replayed.value, expected);
	}

	#[test]
	fn faults_name_the_entry() {
		let sha1 = HashAlgorithm::Sha1;
		let good = line(Template::ImaNg, sha1, sha1, "/bin/a", &[]);
		let after = |line: &str| format!("{good}\n{line}\n");
		assert_eq!(fault_of(&after(&good.replace("/bin/a", "/bin/b"))), (2, Fault::TemplateHash));
		assert_eq!(fault_of(&after(&good.replacen("10", "11", 1))), (2, Fault::OtherPcr));
		assert_eq!(fault_of(&after("10 00")), (2, Fault::Malformed));
		assert_eq!(fault_of(&good.replacen("10", "24", 1)), (1, Fault::Malformed));
		assert_eq!(fault_of(&good.replace("ima-ng", "evm-sig")), (1, Fault::UnknownTemplate));
		assert_eq!(fault_of(&good.replace("sha1:", "md4:")), (1, Fault::UnknownAlgorithm));
		assert_eq!(fault_of(&good.replace("sha1:", "sha256:")), (1, Fault::Malformed));
		let long = format!("{good}{}", "a".repeat(MAX_LINE_LENGTH));
		assert_eq!(fault_of(&long), (1, Fault::Malformed));
	}

	#[test]
	fn a_list_that_was_cut_has_another_value() {
		let sha1 = HashAlgorithm::Sha1;
		let one = line(Template::ImaNg, sha1, sha1, "/bin/a", &[]);
		let two = line(Template::ImaNg, sha1, sha1, "/bin/b", &[]);
		let whole = replay(&format!("{one}\n{two}")).map(|replayed| replayed.value).unwrap();
		let swapped = replay(&format!("{two}\n{one}")).map(|replayed| replayed.value).unwrap();
		assert_ne!(replay(&one).unwrap().value, whole);
		assert_ne!(swapped, whole);
	}

	proptest! {
		#[test]
		fn any_text_is_replayed_or_refused(text in "\\PC{0,200}") {
			let _ = replay(&text);
		}

		#[test]
		fn any_bytes_are_replayed_or_refused(
			bytes in proptest::collection::vec(any::<u8>(), 0..200),
		) {
			let _ = replay(&bytes);
			let _ = replay(&[LIST.as_bytes(), &bytes].concat());
		}

		#[test]
		fn any_change_of_an_entry_is_seen_or_changes_the_value(
			template in 0usize..4, at in 0usize..60, change in 1u8..16, path in "/[a-z ]{1,20}[a-z]",
		) {
			let sha1 = HashAlgorithm::Sha1;
			let list = line(TEMPLATES[template], sha1, sha1, &path, &[7; 9]);
			let mut changed = list.clone().into_bytes();
			let at = 3 + at % (changed.len() - 3);
			changed[at] ^= change;
			let honest = replay(&list).unwrap();
			if let Ok(replayed) = replay(&changed) {
				// Hexadecimal digits may be large or small.
				prop_assert!(replayed == honest || replayed.value != honest.value);
			};
		}
	}
}
