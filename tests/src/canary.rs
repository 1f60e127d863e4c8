//! Looks for words that must not be found, in every form in which they could be written down.

use base64::{
	engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
	Engine,
};
use memchr::memmem::Finder;
use std::{
	collections::BTreeSet,
	fmt, io,
	path::{Path, PathBuf},
};

/// A word in one of its forms.
struct Form {
	word: String,
	name: &'static str,
	finder: Finder<'static>,
}

/// Where a word was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
	/// The word.
	pub word: String,
	/// In which form.
	pub form: &'static str,
	/// In which file.
	pub file: PathBuf,
	/// At which byte.
	pub position: usize,
}

impl fmt::Display for Sighting {
	fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
		let Self { word, form, file, position } = self;
		write!(formatter, "{word} as {form} in {} at byte {position}", file.display())
	}
}

/// Looks for words raw, in hexadecimal digits and in base64 at each of the three alignments.
pub struct Search(Vec<Form>);

impl Search {
	/// A search for `words`, each of at least eight bytes.
	pub fn new(words: &[String]) -> Self {
		let forms = words.iter().flat_map(|word| {
			forms(word.as_bytes()).into_iter().map(|(name, bytes)| Form {
				word: word.clone(),
				name,
				finder: Finder::new(&bytes).into_owned(),
			})
		});
		Self(forms.collect())
	}

	/// All sightings in the files below `folder`, the first of each form in each file, and how many
	/// files and bytes were read.
	pub fn folder(&self, folder: &Path) -> Report {
		assert!(folder.is_dir(), "{} is no folder", folder.display());
		let mut report = Report::default();
		self.walk(folder, &mut report);
		report
	}

	fn walk(&self, folder: &Path, report: &mut Report) {
		let Some(entries) = unless_gone(folder, std::fs::read_dir(folder)) else { return };
		for entry in entries {
			let path = entry.expect("a folder can be listed").path();
			if path.is_dir() {
				self.walk(&path, report);
			} else if path.is_file() {
				let Some(content) = unless_gone(&path, std::fs::read(&path)) else { continue };
				report.files += 1;
				report.bytes += content.len() as u64;
				report.sightings.extend(self.sightings(&path, &content));
			}
		}
	}

	fn sightings<'a>(
		&'a self,
		file: &'a Path,
		content: &'a [u8],
	) -> impl Iterator<Item = Sighting> + 'a {
		self.0.iter().filter_map(move |form| {
			let position = form.finder.find(content)?;
			let (word, file) = (form.word.clone(), file.to_owned());
			Some(Sighting { word, form: form.name, file, position })
		})
	}
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
	/// Files read.
	pub files: u32,
	/// Bytes read.
	pub bytes: u64,
	/// What was found.
	pub sightings: Vec<Sighting>,
}

impl Report {
	/// The words that were found.
	pub fn words(&self) -> BTreeSet<&str> {
		self.sightings.iter().map(|sighting| sighting.word.as_str()).collect()
	}
}

/// What was read, or `None` when a running process has removed it in the meantime.
fn unless_gone<Content>(path: &Path, read: io::Result<Content>) -> Option<Content> {
	match read {
		Ok(content) => Some(content),
		Err(error) if error.kind() == io::ErrorKind::NotFound => None,
		Err(error) => panic!("{}: {error}", path.display()),
	}
}

fn forms(word: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
	let mut forms = vec![
		("raw", word.to_vec()),
		("hexadecimal", hex::encode(word).into_bytes()),
		("upper-case hexadecimal", hex::encode_upper(word).into_bytes()),
	];
	for (name, engine) in [("base64", STANDARD_NO_PAD), ("base64url", URL_SAFE_NO_PAD)] {
		for offset in 0..3 {
			forms.push((name, base64_core(&engine, word, offset)));
		}
	}
	forms
}

/// The characters of the base64 of any text with `word` at a position that is `offset` modulo three,
/// as far as they depend on `word` alone.
fn base64_core(engine: &impl Engine, word: &[u8], offset: usize) -> Vec<u8> {
	let mut padded = vec![0; offset];
	padded.extend(word);
	let encoded = engine.encode(&padded);
	let first = (offset * 8).div_ceil(6);
	let end = padded.len() * 8 / 6;
	encoded.as_bytes()[first..end].to_vec()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_word_is_found_in_each_form_at_each_place() {
		let word = "canary-7f3a91c2>>??".to_owned();
		let search = Search::new(std::slice::from_ref(&word));
		for before in 0..7 {
			for after in 0..4 {
				let text = [&vec![b'x'; before][..], word.as_bytes(), &vec![b'y'; after]].concat();
				let written = [
					text.clone(),
					hex::encode(&text).into_bytes(),
					hex::encode_upper(&text).into_bytes(),
					STANDARD_NO_PAD.encode(&text).into_bytes(),
					URL_SAFE_NO_PAD.encode(&text).into_bytes(),
				];
				for content in written {
					assert!(search.sightings(Path::new("file"), &content).next().is_some());
				}
			}
		}
		assert!(search.sightings(Path::new("file"), b"canary-7f3a91c").next().is_none());
	}

	#[test]
	fn folders_are_searched_to_the_bottom() {
		let folder = tempfile::tempdir().unwrap();
		std::fs::create_dir_all(folder.path().join("a/b")).unwrap();
		std::fs::write(folder.path().join("a/b/c"), "xx secret-word").unwrap();
		std::fs::write(folder.path().join("d"), "nothing").unwrap();
		let words = ["secret-word".to_owned(), "other-word".to_owned()];
		let report = Search::new(&words).folder(folder.path());
		assert_eq!((report.files, report.bytes), (2, 21));
		assert_eq!(report.words(), BTreeSet::from(["secret-word"]));
		assert_eq!(report.sightings[0].position, 3);
	}
}
