//! Wrapped keys, one file each, so that erasing can overwrite them: pages of a database that copies on
//! write would survive their deletion.

use crate::store::{StoreFault, MAX_RECIPIENTS};
use msec_commitments::Hash;
use msec_worker_common::AccountId32;
use std::{
	fs::{self, File, OpenOptions},
	io::{self, Write},
	path::{Path, PathBuf},
	sync::{Mutex, MutexGuard, PoisonError},
};

const TEMPORARY: &str = "tmp";

pub(super) struct KeyFiles {
	directory: PathBuf,
	/// Held while files are made or removed.
	changing: Mutex<()>,
}

impl KeyFiles {
	pub fn open(directory: &Path) -> io::Result<Self> {
		fs::create_dir_all(directory)?;
		Ok(Self { directory: directory.to_owned(), changing: Mutex::new(()) })
	}

	pub fn put(
		&self,
		dataset: &Hash,
		recipient: &AccountId32,
		wrapped: &[u8],
	) -> Result<(), StoreFault> {
		let _changing = self.changing();
		let directory = self.dataset(dataset);
		fs::create_dir_all(&directory)?;
		let path = directory.join(hex::encode(recipient.0));
		let temporary = path.with_extension(TEMPORARY);
		let former = open_to_overwrite(&path)?;
		if former.is_none() && fs::read_dir(&directory)?.count() >= MAX_RECIPIENTS {
			return Err(StoreFault::TooManyRecipients(MAX_RECIPIENTS));
		}
		let written =
			write_durably(&temporary, wrapped).and_then(|()| fs::rename(&temporary, &path));
		if let Err(error) = written {
			let _ = fs::remove_file(&temporary);
			return Err(error.into());
		}
		sync(&directory)?;
		sync(&self.directory)?;
		Ok(former.map_or(Ok(()), overwrite)?)
	}

	pub fn get(&self, dataset: &Hash, recipient: &AccountId32) -> io::Result<Option<Vec<u8>>> {
		match fs::read(self.dataset(dataset).join(hex::encode(recipient.0))) {
			Ok(wrapped) => Ok(Some(wrapped)),
			Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
			Err(error) => Err(error),
		}
	}

	/// Who has keys of a data set.
	pub fn recipients(&self, dataset: &Hash) -> io::Result<Vec<AccountId32>> {
		let entries = match fs::read_dir(self.dataset(dataset)) {
			Ok(entries) => entries,
			Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
			Err(error) => return Err(error),
		};
		let mut recipients = Vec::new();
		for entry in entries {
			let mut recipient = [0; 32];
			// What has another name was never complete.
			if hex::decode_to_slice(entry?.file_name().as_encoded_bytes(), &mut recipient).is_ok() {
				recipients.push(AccountId32(recipient));
			}
		}
		Ok(recipients)
	}

	/// Overwrites and removes all keys of a data set.
	pub fn erase(&self, dataset: &Hash) -> io::Result<()> {
		let _changing = self.changing();
		let directory = self.dataset(dataset);
		let entries = match fs::read_dir(&directory) {
			Ok(entries) => entries,
			Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
			Err(error) => return Err(error),
		};
		for entry in entries {
			let path = entry?.path();
			open_to_overwrite(&path)?.map_or(Ok(()), overwrite)?;
			fs::remove_file(&path)?;
		}
		fs::remove_dir(&directory)?;
		sync(&self.directory)
	}

	fn changing(&self) -> MutexGuard<'_, ()> {
		self.changing.lock().unwrap_or_else(PoisonError::into_inner)
	}

	fn dataset(&self, dataset: &Hash) -> PathBuf {
		self.directory.join(hex::encode(dataset))
	}
}

fn write_durably(path: &Path, content: &[u8]) -> io::Result<()> {
	let mut file = File::create(path)?;
	file.write_all(content)?;
	file.sync_all()
}

fn open_to_overwrite(path: &Path) -> io::Result<Option<File>> {
	match OpenOptions::new().write(true).open(path) {
		Ok(file) => Ok(Some(file)),
		Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
		Err(error) => Err(error),
	}
}

/// Overwrites a file with zeros.
fn overwrite(mut file: File) -> io::Result<()> {
	let length = file.metadata()?.len();
	io::copy(&mut io::Read::take(io::repeat(0), length), &mut file)?;
	file.sync_all()
}

fn sync(directory: &Path) -> io::Result<()> {
	File::open(directory)?.sync_all()
}
