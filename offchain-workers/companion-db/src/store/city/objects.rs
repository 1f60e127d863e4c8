//! Frames as objects: in a folder, or with whoever speaks the S3 protocol.

use super::postgres::authorities;
use crate::store::{fault::with_sources, record::Blob, StoreFault};
use async_trait::async_trait;
use futures::{stream, StreamExt, TryStreamExt};
use object_store::{
	aws::AmazonS3Builder,
	client::{
		HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
	},
	local::LocalFileSystem,
	path::Path as ObjectPath,
	prefix::PrefixStore,
	ClientConfigKey, ClientOptions, Error, ObjectStore, ObjectStoreExt, PutPayload, RetryConfig,
};
use std::{
	collections::BTreeSet,
	fs::File,
	ops::Range,
	path::{Path, PathBuf},
	sync::Arc,
	time::Duration,
};

/// Longest that a connection, or the next bytes of an answer, may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest that a request is tried again.
const RETRIES: Duration = Duration::from_secs(30);
/// How many objects are removed at a time.
const REMOVED_AT_A_TIME: usize = 8;
const SCHEME: &str = "s3://";

pub(super) struct Objects {
	store: Arc<dyn ObjectStore>,
	/// Where removals have to reach the disk, when it is a folder.
	folder: Option<PathBuf>,
}

impl Objects {
	/// `s3://bucket/prefix`, with what the variables `AWS_…` say, or a folder.
	pub fn open(location: &str, ca_file: Option<&Path>) -> Result<Self, StoreFault> {
		match location.strip_prefix(SCHEME) {
			Some(bucket) => Self::s3(AmazonS3Builder::from_env(), bucket, ca_file),
			None => Self::folder(Path::new(location)),
		}
	}

	/// A bucket, and behind a slash the prefix of all names in it.
	pub fn s3(
		builder: AmazonS3Builder,
		bucket: &str,
		ca_file: Option<&Path>,
	) -> Result<Self, StoreFault> {
		let (bucket, prefix) = bucket.split_once('/').unwrap_or((bucket, ""));
		let retry = RetryConfig { retry_timeout: RETRIES, ..RetryConfig::default() };
		let store = builder
			.with_bucket_name(bucket)
			.with_retry(retry)
			.with_http_connector(Connector::new(ca_file)?)
			.build()
			.map_err(|error| invalid(&error))?;
		Ok(Self { store: Arc::new(PrefixStore::new(store, prefix)), folder: None })
	}

	/// A folder, made if it is not there.
	pub fn folder(folder: &Path) -> Result<Self, StoreFault> {
		std::fs::create_dir_all(folder).map_err(|error| invalid(&error))?;
		let store = LocalFileSystem::new_with_prefix(folder).map_err(|error| invalid(&error))?;
		Ok(Self { store: Arc::new(store.with_fsync(true)), folder: Some(folder.to_owned()) })
	}

	/// Finds out whether objects can be written.
	pub async fn probe(&self) -> Result<(), StoreFault> {
		let path = ObjectPath::from("writable");
		self.store.put(&path, PutPayload::from_static(b"")).await?;
		Ok(())
	}

	pub async fn put(&self, blob: Blob, bytes: Vec<u8>) -> Result<(), StoreFault> {
		self.store.put(&path(blob), bytes.into()).await?;
		Ok(())
	}

	/// Some bytes, fewer where the object ends; `None` when there is no such object.
	pub async fn get(&self, blob: Blob, range: Range<u64>) -> Result<Option<Vec<u8>>, StoreFault> {
		let start = range.start;
		match self.store.get_range(&path(blob), range).await {
			Ok(bytes) => Ok(Some(bytes.to_vec())),
			Err(Error::NotFound { .. }) => Ok(None),
			Err(error) => match self.store.head(&path(blob)).await {
				// Stores refuse ranges that begin behind the end.
				Ok(object) if object.size <= start => Ok(Some(Vec::new())),
				_ => Err(error.into()),
			},
		}
	}

	/// Removes objects for good; what is not there is no error.
	pub async fn remove(&self, blobs: &[Blob]) -> Result<(), StoreFault> {
		stream::iter(blobs)
			.map(|blob| async move {
				match self.store.delete(&path(*blob)).await {
					Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
					Err(error) => Err(StoreFault::from(error)),
				}
			})
			.buffer_unordered(REMOVED_AT_A_TIME)
			.try_collect::<()>()
			.await?;
		self.synchronize(blobs)
	}

	/// How many bytes each frame has.
	#[cfg(test)]
	pub async fn sizes(&self) -> Vec<u64> {
		let frames = ObjectPath::from("frames");
		let objects = self.store.list(Some(&frames));
		objects.map_ok(|object| object.size).try_collect().await.unwrap()
	}

	fn synchronize(&self, blobs: &[Blob]) -> Result<(), StoreFault> {
		let Some(folder) = &self.folder else {
			return Ok(());
		};
		let directories: BTreeSet<_> =
			blobs.iter().map(|blob| folder.join(directory(*blob))).collect();
		for directory in directories.iter().filter(|directory| directory.exists()) {
			File::open(directory)?.sync_all()?;
		}
		Ok(())
	}
}

fn invalid(error: &dyn std::error::Error) -> StoreFault {
	StoreFault::Configuration(format!("objects: {}", with_sources(error)))
}

/// Frames are spread over folders, because some file systems are slow with large ones.
fn directory(blob: Blob) -> String {
	format!("frames/{:02x}", blob >> 120)
}

fn path(blob: Blob) -> ObjectPath {
	ObjectPath::from(format!("{}/{blob:032x}", directory(blob)))
}

/// Connects to object stores with the HTTP client of the workspace.
#[derive(Debug)]
struct Connector {
	/// Trusted besides the usual ones.
	authorities: Vec<reqwest::Certificate>,
}

impl Connector {
	fn new(ca_file: Option<&Path>) -> Result<Self, StoreFault> {
		let authorities = authorities(ca_file)?
			.iter()
			.map(|certificate| reqwest::Certificate::from_der(certificate))
			.collect::<Result<_, _>>()
			.map_err(|error| invalid(&error))?;
		Ok(Self { authorities })
	}
}

impl HttpConnector for Connector {
	fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
		let allow_http = options.get_config_value(&ClientConfigKey::AllowHttp);
		let builder = reqwest::Client::builder()
			.connect_timeout(PATIENCE)
			.read_timeout(PATIENCE)
			.redirect(reqwest::redirect::Policy::none())
			.https_only(allow_http.as_deref() != Some("true"));
		let client = self
			.authorities
			.iter()
			.cloned()
			.fold(builder, reqwest::ClientBuilder::add_root_certificate)
			.build()
			.map_err(|error| Error::Generic { store: "S3", source: Box::new(error) })?;
		Ok(HttpClient::new(Transport(client)))
	}
}

#[derive(Debug)]
struct Transport(reqwest::Client);

#[async_trait]
impl HttpService for Transport {
	async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
		let (parts, body) = request.into_parts();
		let response = self
			.0
			.request(parts.method, parts.uri.to_string())
			.headers(parts.headers)
			.body(reqwest::Body::wrap(body))
			.send()
			.await
			.map_err(failed)?;
		let (status, headers) = (response.status(), response.headers().clone());
		// No answer is larger than a frame, or a page of a listing.
		let bytes = response.bytes().await.map_err(failed)?;
		let mut answer = HttpResponse::new(bytes.into());
		*answer.status_mut() = status;
		*answer.headers_mut() = headers;
		Ok(answer)
	}
}

fn failed(error: reqwest::Error) -> HttpError {
	let kind = if error.is_timeout() {
		HttpErrorKind::Timeout
	} else if error.is_connect() {
		HttpErrorKind::Connect
	} else {
		HttpErrorKind::Interrupted
	};
	HttpError::new(kind, error.without_url())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_location_that_makes_no_sense_is_named() {
		let error = Objects::open("/proc/nowhere", None).err().unwrap().to_string();
		assert!(error.starts_with("objects: "), "{error}");
	}

	#[tokio::test]
	async fn what_is_removed_twice_is_removed() {
		let folder = tempfile::tempdir().unwrap();
		let objects = Objects::folder(folder.path()).unwrap();
		objects.probe().await.unwrap();
		objects.put(1, vec![1, 2, 3]).await.unwrap();
		assert_eq!(objects.get(1, 1..3).await, Ok(Some(vec![2, 3])));
		assert_eq!(objects.get(1, 2..9).await, Ok(Some(vec![3])));
		assert_eq!(objects.get(1, 5..9).await, Ok(Some(vec![])));
		objects.remove(&[1, 2]).await.unwrap();
		objects.remove(&[1]).await.unwrap();
		assert_eq!(objects.get(1, 0..3).await, Ok(None));
	}
}
