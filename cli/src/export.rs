//! Everything that is held on a data set or an account, in a folder with a manifest.

use msec_commitments::Hash;
use msec_worker_common::{
	access_log::{day_name, Subject},
	chain::AccessLogAnchor,
	store_client::{StoreClient, StoreError, MAX_PAGE},
	AccountId32,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{
	fs::{self, DirBuilder, OpenOptions},
	io::{self, Write},
	os::unix::fs::{DirBuilderExt, OpenOptionsExt},
	path::{Path, PathBuf},
};

/// The file that lists the others.
pub const MANIFEST: &str = "manifest.json";

/// Why an export is not complete.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
	/// A file cannot be written or read.
	#[error("{}: {source}", .path.display())]
	Io {
		/// Which.
		path: PathBuf,
		/// What the system says.
		source: io::Error,
	},
	/// There is something already.
	#[error("{} is not empty; name a new folder", .0.display())]
	NotEmpty(PathBuf),
	/// A store does not hand out what it has.
	#[error(transparent)]
	Store(#[from] StoreError),
	/// The manifest is not one, or a file is not what it says.
	#[error("{}: {reason}", .path.display())]
	Damaged {
		/// Which.
		path: PathBuf,
		/// What is wrong.
		reason: String,
	},
}

/// What the folder holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
	/// What was exported, when, and by whose request.
	pub about: Value,
	/// The files.
	pub files: Vec<ManifestFile>,
}

/// A file of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestFile {
	/// Its name within the folder, with `/` between parts.
	pub name: String,
	/// Its length.
	pub bytes: u64,
	/// SHA-256 of its content, in hexadecimal digits.
	pub sha256: String,
}

/// A folder that is being filled.
pub struct Export {
	folder: PathBuf,
	files: Vec<ManifestFile>,
}

impl Export {
	/// Makes the folder, for its owner only; it must not have anything in it.
	pub fn create(folder: &Path) -> Result<Self, ExportError> {
		let fault = |source| ExportError::Io { path: folder.to_owned(), source };
		make_folder(folder).map_err(fault)?;
		match fs::read_dir(folder).map_err(fault)?.next() {
			Some(_) => Err(ExportError::NotEmpty(folder.to_owned())),
			None => Ok(Self { folder: folder.to_owned(), files: Vec::new() }),
		}
	}

	/// Adds a file.
	pub fn add(&mut self, name: &str, content: &[u8]) -> Result<(), ExportError> {
		write(&self.folder.join(name), content)?;
		self.files.push(ManifestFile {
			name: name.to_owned(),
			bytes: content.len() as u64,
			sha256: hex::encode(Sha256::digest(content)),
		});
		Ok(())
	}

	/// Adds everything that a store has of a data set: ciphertext, and the wrapped keys of all recipients.
	pub async fn add_dataset(
		&mut self,
		operator: &AccountId32,
		store: &StoreClient,
		dataset: &Hash,
	) -> Result<(), ExportError> {
		let end = store.dataset(dataset).await?.next_batch;
		let mut from = 0;
		while from < end {
			let to = end.min(from.saturating_add(MAX_PAGE));
			for entry in store.batches(dataset, from, to).await? {
				let frame = store.batch(dataset, entry.batch).await?;
				let name = format!("stores/{operator}/batches/{:010}.frame", entry.batch);
				self.add(&name, frame.bytes())?;
			}
			from = to;
		}
		for recipient in store.key_recipients(dataset).await? {
			let wrapped = store.key(dataset, &recipient).await?;
			self.add(&format!("stores/{operator}/keys/{recipient}.sealed"), &wrapped)?;
		}
		Ok(())
	}

	/// Adds the lines of the access log of a store that are the subject's, with their proofs: those of the
	/// anchored days, and of the days from then until `today`.
	pub async fn add_log(
		&mut self,
		operator: &AccountId32,
		store: &StoreClient,
		subject: &Subject,
		anchors: &[AccessLogAnchor],
		today: u32,
	) -> Result<(), ExportError> {
		let first_open = anchors.last().map_or(today, |anchor| anchor.day.saturating_add(1));
		let days = anchors.iter().map(|anchor| anchor.day).chain(first_open..=today);
		for day in days {
			let answer = store.access_log_group(day, subject).await?;
			let Some(answer) = answer.filter(|answer| !answer.lines.is_empty()) else { continue };
			let Some(name) = day_name(day) else { continue };
			let content = serde_json::to_vec_pretty(&answer).map_err(|error| {
				ExportError::Damaged { path: name.clone().into(), reason: error.to_string() }
			})?;
			self.add(&format!("stores/{operator}/access-log/{name}.json"), &content)?;
		}
		Ok(())
	}

	/// Writes the manifest; how many files there are, and how many bytes.
	pub fn finish(self, about: Value) -> Result<(usize, u64), ExportError> {
		let path = self.folder.join(MANIFEST);
		let totals = (self.files.len(), self.files.iter().map(|file| file.bytes).sum());
		let manifest = Manifest { about, files: self.files };
		let content = serde_json::to_vec_pretty(&manifest).map_err(|error| {
			ExportError::Damaged { path: path.clone(), reason: error.to_string() }
		})?;
		write(&path, &content)?;
		Ok(totals)
	}
}

/// Checks that a folder has the files that its manifest lists, unchanged.
pub fn verify(folder: &Path) -> Result<Manifest, ExportError> {
	let path = folder.join(MANIFEST);
	let content =
		fs::read(&path).map_err(|source| ExportError::Io { path: path.clone(), source })?;
	let damaged = |path: &Path, reason: &str| ExportError::Damaged {
		path: path.to_owned(),
		reason: reason.to_owned(),
	};
	let manifest: Manifest =
		serde_json::from_slice(&content).map_err(|error| damaged(&path, &error.to_string()))?;
	for file in &manifest.files {
		let path = folder.join(&file.name);
		let is_within = Path::new(&file.name)
			.components()
			.all(|part| matches!(part, std::path::Component::Normal(_)));
		if !is_within {
			return Err(damaged(&path, "it lies outside the folder"));
		}
		let content =
			fs::read(&path).map_err(|source| ExportError::Io { path: path.clone(), source })?;
		if hex::encode(Sha256::digest(&content)) != file.sha256 {
			return Err(damaged(&path, "it is not what was exported"));
		}
	}
	Ok(manifest)
}

fn make_folder(path: &Path) -> io::Result<()> {
	DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn write(path: &Path, content: &[u8]) -> Result<(), ExportError> {
	let written = || {
		path.parent().map_or(Ok(()), make_folder)?;
		let mut options = OpenOptions::new();
		options.write(true).create_new(true).mode(0o600).open(path)?.write_all(content)
	};
	written().map_err(|source| ExportError::Io { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;
	use std::os::unix::fs::PermissionsExt;

	#[test]
	fn an_export_is_complete_and_for_its_owner_only() {
		let directory = tempfile::tempdir().unwrap();
		let folder = directory.path().join("export");
		let mut export = Export::create(&folder).unwrap();
		export.add("chain.json", b"{}").unwrap();
		export.add("stores/a/keys/b.sealed", b"sealed").unwrap();
		assert_eq!(export.finish(json!({ "dataset": "0x00" })).unwrap(), (2, 8));
		let manifest = verify(&folder).unwrap();
		assert_eq!(manifest.about["dataset"], "0x00");
		assert_eq!(manifest.files[1].name, "stores/a/keys/b.sealed");
		let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
		assert_eq!(mode(&folder), 0o700);
		assert_eq!(mode(&folder.join("chain.json")), 0o600);
		assert!(matches!(Export::create(&folder), Err(ExportError::NotEmpty(_))));
	}

	#[test]
	fn a_changed_or_missing_file_is_found() {
		let directory = tempfile::tempdir().unwrap();
		let folder = directory.path().join("export");
		let mut export = Export::create(&folder).unwrap();
		export.add("chain.json", b"{}").unwrap();
		export.finish(Value::Null).unwrap();
		fs::write(folder.join("chain.json"), b"[]").unwrap();
		assert!(matches!(verify(&folder), Err(ExportError::Damaged { .. })));
		fs::remove_file(folder.join("chain.json")).unwrap();
		assert!(matches!(verify(&folder), Err(ExportError::Io { .. })));
		let outside = r#"{"about":null,"files":[{"name":"../x","bytes":1,"sha256":""}]}"#;
		fs::write(folder.join(MANIFEST), outside).unwrap();
		assert!(matches!(verify(&folder), Err(ExportError::Damaged { .. })));
	}
}
