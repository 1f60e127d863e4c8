//! Backups of a store in a directory, also while it serves: whoever may use the directory asks over a socket
//! in it.

use crate::store::{
	backup::{verify, BackupFault, Summary},
	Store, StoreFault,
};
use msec_worker_common::access_log::{day_name, day_of};
use std::{
	fs::{self, DirBuilder, File, OpenOptions, Permissions},
	io::{self, BufWriter},
	os::unix::{
		fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
		net::UnixStream,
	},
	path::{Path, PathBuf},
	time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::net::UnixListener;
use tokio_util::sync::CancellationToken;

const SOCKET: &str = "backup.sock";
/// Longest that whoever asked may take to fetch the next bytes.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long nothing is accepted after the system refused a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Hands out the store of `directory` to whoever connects to the socket in it, one after the other, until
/// `stop`.
pub async fn serve(store: Store, directory: &Path, stop: CancellationToken) -> io::Result<()> {
	let socket = directory.join(SOCKET);
	remove(&socket)?;
	let listener = UnixListener::bind(&socket)?;
	fs::set_permissions(&socket, Permissions::from_mode(0o600))?;
	while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
		match accepted {
			Ok((stream, _)) => hand_out(&store, stream.into_std()?, &stop).await,
			Err(error) => {
				tracing::warn!(%error, "a connection cannot be accepted");
				tokio::time::sleep(ACCEPT_PAUSE).await;
			},
		}
	}
	remove(&socket)
}

async fn hand_out(store: &Store, stream: UnixStream, stop: &CancellationToken) {
	let (store, stop) = (store.clone(), stop.clone());
	let handed_out = tokio::task::spawn_blocking(move || {
		stream.set_nonblocking(false)?;
		stream.set_write_timeout(Some(PATIENCE))?;
		store.back_up(BufWriter::new(stream), || !stop.is_cancelled())
	});
	match handed_out.await {
		Ok(Ok(())) => tracing::info!("a backup was handed out"),
		Ok(Err(error)) => tracing::warn!(%error, "a backup broke off"),
		Err(error) => tracing::error!(%error, "a backup broke off"),
	}
}

/// Makes a backup of the store in `directory` as a new file in `folder`, named after the time, and reads it
/// again. It does not matter whether the store serves.
pub fn back_up(directory: &Path, folder: &Path) -> Result<(PathBuf, Summary), BackupFault> {
	DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
	let name = name()?;
	let (temporary, path) = (folder.join(format!("{name}.tmp")), folder.join(name));
	let mut options = OpenOptions::new();
	let file = options.write(true).create_new(true).mode(0o600).open(&temporary)?;
	let made = fill(directory, file).and_then(|()| verify(&temporary));
	let summary = made.inspect_err(|_| {
		let _ = fs::remove_file(&temporary);
	})?;
	fs::rename(&temporary, &path)?;
	File::open(folder)?.sync_all()?;
	Ok((path, summary))
}

fn fill(directory: &Path, mut file: File) -> Result<(), BackupFault> {
	match UnixStream::connect(directory.join(SOCKET)) {
		Ok(mut stream) => drop(io::copy(&mut stream, &mut file)?),
		// Nobody serves.
		Err(error)
			if matches!(
				error.kind(),
				io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
			) =>
		{
			Store::open_existing(directory)?.back_up(BufWriter::new(&file), || true)?;
		},
		Err(error) => return Err(error.into()),
	}
	Ok(file.sync_all()?)
}

/// Like `store-2026-01-31T235959Z.backup`.
fn name() -> Result<String, StoreFault> {
	let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
	let day = day_name(day_of(now.saturating_mul(1000)));
	let day = day.ok_or_else(|| StoreFault::Configuration("the clock is wrong".to_owned()))?;
	let (hours, minutes, seconds) = (now / 3600 % 24, now / 60 % 60, now % 60);
	Ok(format!("store-{day}T{hours:02}{minutes:02}{seconds:02}Z.backup"))
}

fn remove(socket: &Path) -> io::Result<()> {
	match fs::remove_file(socket) {
		Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
		removed => removed,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use msec_commitments::ChunkKey;
	use msec_worker_common::batch_frame::Frame;

	fn filled(directory: &Path) -> Store {
		let store = Store::open(directory).unwrap();
		let chunk = ChunkKey::from_bytes([1; 32]).seal(&[1; 100]).unwrap();
		let staged = store.stage(&Frame::new(0, &[chunk]).unwrap()).unwrap();
		store.publish(&[1; 32], &[staged], 0, u64::MAX).unwrap();
		store
	}

	#[tokio::test]
	async fn a_store_is_backed_up_whether_it_serves_or_not() {
		let (place, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
		let store = filled(place.path());
		let stop = CancellationToken::new();
		let serving = {
			let (directory, stop) = (place.path().to_owned(), stop.clone());
			tokio::spawn(async move { serve(store, &directory, stop).await })
		};
		while !place.path().join(SOCKET).exists() {
			tokio::task::yield_now().await;
		}
		let (directory, target) = (place.path().to_owned(), folder.path().join("a"));
		let while_serving =
			tokio::task::spawn_blocking(move || back_up(&directory, &target).unwrap());
		let (path, summary) = while_serving.await.unwrap();
		assert_eq!((summary.datasets, summary.batches), (1, 1));
		assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
		stop.cancel();
		serving.await.unwrap().unwrap();
		assert!(!place.path().join(SOCKET).exists());

		let (_, stopped) = back_up(place.path(), &folder.path().join("b")).unwrap();
		assert_eq!(stopped, summary);
		let files: Vec<_> = folder.path().join("b").read_dir().unwrap().collect();
		assert_eq!(files.len(), 1);
	}

	#[test]
	fn where_there_is_no_store_none_is_made() {
		let (place, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
		assert!(matches!(
			back_up(place.path(), folder.path()),
			Err(BackupFault::Store(StoreFault::Configuration(_)))
		));
		assert_eq!(folder.path().read_dir().unwrap().count(), 0);
		assert_eq!(place.path().read_dir().unwrap().count(), 0);
	}
}
