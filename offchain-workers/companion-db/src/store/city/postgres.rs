//! Connections to PostgreSQL.

use crate::store::{fault::with_sources, CitySettings, StoreFault};
use deadpool_postgres::{
	GenericClient, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime,
};
use msec_worker_common::keys::PasswordSource;
use rustls::{
	crypto::ring,
	pki_types::{pem::PemObject, CertificateDer},
	ClientConfig, RootCertStore,
};
use std::{net::IpAddr, path::Path, sync::Arc, time::Duration};
use tokio::sync::Mutex;
use tokio_postgres::{
	config::{Host, SslMode},
	types::ToSql,
	Client, Config, Row,
};
use tokio_postgres_rustls::MakeRustlsConnect;

const SCHEMA: &str = include_str!("schema.sql");
/// Of the tables. What has another number was made by another version of this program.
const FORMAT: i32 = 1;
/// Most connections that are open for requests.
const MAX_CONNECTIONS: usize = 16;
/// Longest that is waited for a connection.
const PATIENCE: Duration = Duration::from_secs(10);
/// Names the lock that only one store process holds.
const LOCK: i64 = 0x6d73_6563_2d64_6201;

/// Whether a process may change what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Role {
	/// It is the only one that does.
	Writer,
	/// It only looks.
	Reader,
}

pub(super) struct Postgres {
	pool: Pool,
	config: Config,
	tls: MakeRustlsConnect,
	role: Role,
	/// The connection that holds the lock.
	lock: Mutex<Option<Client>>,
}

impl Postgres {
	/// Connects, and makes the tables if they are not there.
	pub async fn open(settings: &CitySettings, role: Role) -> Result<Self, StoreFault> {
		let config = configuration(settings)?;
		let tls = tls(settings.ca_file.as_deref())?;
		let manager = Manager::from_config(
			config.clone(),
			tls.clone(),
			ManagerConfig { recycling_method: RecyclingMethod::Fast },
		);
		let pool = Pool::builder(manager)
			.max_size(MAX_CONNECTIONS)
			.runtime(Runtime::Tokio1)
			.wait_timeout(Some(PATIENCE))
			.create_timeout(Some(PATIENCE))
			.build()
			.map_err(|error| StoreFault::Configuration(error.to_string()))?;
		let postgres = Self { pool, config, tls, role, lock: Mutex::new(None) };
		postgres.prepare().await?;
		Ok(postgres)
	}

	/// A connection, for as long as no other process writes.
	pub async fn client(&self) -> Result<Object, StoreFault> {
		if self.role == Role::Writer {
			self.hold_lock().await?;
		}
		Ok(self.pool.get().await?)
	}

	async fn prepare(&self) -> Result<(), StoreFault> {
		let client = self.client().await?;
		if self.role == Role::Writer {
			client.batch_execute(SCHEMA).await?;
			let first = "insert into companion_db.format
				select $1::integer where not exists (select from companion_db.format)";
			client.execute(first, &[&FORMAT]).await?;
		}
		let row = client.query_one("select max(version) from companion_db.format", &[]).await?;
		match row.try_get::<_, Option<i32>>(0)? {
			Some(FORMAT) => Ok(()),
			other => Err(StoreFault::Configuration(format!(
				"the tables in PostgreSQL have format {}, and this program knows {FORMAT}; \
				use the program that made them",
				other.unwrap_or(0)
			))),
		}
	}

	/// Takes the lock, also again after the connection that held it broke.
	async fn hold_lock(&self) -> Result<(), StoreFault> {
		let mut lock = self.lock.lock().await;
		if lock.as_ref().is_some_and(|client| !client.is_closed()) {
			return Ok(());
		}
		*lock = None;
		let (client, connection) = self.config.connect(self.tls.clone()).await?;
		tokio::spawn(async move {
			if let Err(error) = connection.await {
				tracing::warn!(error = with_sources(&error), "the connection to PostgreSQL broke");
			}
		});
		// What another process leaves is free as soon as PostgreSQL sees that it is gone.
		client.batch_execute("set lock_timeout = '5s'").await?;
		client.execute("select pg_advisory_lock($1)", &[&LOCK]).await?;
		*lock = Some(client);
		Ok(())
	}
}

/// Asks with a statement that is prepared once for each connection.
pub(super) async fn query(
	client: &impl GenericClient,
	statement: &str,
	parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, StoreFault> {
	let statement = client.prepare_cached(statement).await?;
	Ok(client.query(&statement, parameters).await?)
}

fn configuration(settings: &CitySettings) -> Result<Config, StoreFault> {
	let invalid = |reason: String| StoreFault::Configuration(format!("postgres: {reason}"));
	let parsed = settings.postgres.parse::<Config>();
	let mut config = parsed.map_err(|error| invalid(with_sources(&error)))?;
	if config.get_password().is_some() {
		let reason = "the password does not belong here, where others may read it; \
			put it into the file that postgres-password-file names";
		return Err(invalid(reason.to_owned()));
	}
	if let Some(file) = &settings.postgres_password_file {
		let password = PasswordSource::File(file.clone())
			.read("password of PostgreSQL")
			.map_err(|error| StoreFault::Configuration(error.to_string()))?;
		config.password(password.as_bytes());
	}
	if config.get_ssl_mode() == SslMode::Prefer {
		let is_local = config.get_hosts().iter().all(is_local)
			&& config.get_hostaddrs().iter().all(IpAddr::is_loopback);
		config.ssl_mode(if is_local { SslMode::Disable } else { SslMode::Require });
	}
	config.application_name("msec-companion-db").connect_timeout(PATIENCE);
	Ok(config)
}

fn is_local(host: &Host) -> bool {
	match host {
		Host::Tcp(name) => {
			name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
		},
		Host::Unix(_) => true,
	}
}

/// Trusts what the system trusts, and the authorities in a file.
fn tls(ca_file: Option<&Path>) -> Result<MakeRustlsConnect, StoreFault> {
	let mut roots = RootCertStore::empty();
	roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
	for certificate in authorities(ca_file)? {
		roots
			.add(certificate)
			.map_err(|error| StoreFault::Configuration(format!("ca-file: {error}")))?;
	}
	let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
		.with_safe_default_protocol_versions()
		.map_err(|error| StoreFault::Configuration(error.to_string()))?
		.with_root_certificates(roots)
		.with_no_client_auth();
	Ok(MakeRustlsConnect::new(config))
}

/// The certificates in a file.
pub(super) fn authorities(file: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, StoreFault> {
	let Some(file) = file else {
		return Ok(Vec::new());
	};
	let unreadable = |reason: String| {
		StoreFault::Configuration(format!("ca-file: {} is not PEM: {reason}", file.display()))
	};
	let certificates = CertificateDer::pem_file_iter(file)
		.and_then(|certificates| certificates.collect::<Result<Vec<_>, _>>())
		.map_err(|error| unreadable(error.to_string()))?;
	if certificates.is_empty() {
		return Err(unreadable("there is no certificate in it".to_owned()));
	}
	Ok(certificates)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn settings(postgres: &str) -> CitySettings {
		CitySettings {
			postgres: postgres.to_owned(),
			postgres_password_file: None,
			objects: "/nowhere".to_owned(),
			ca_file: None,
		}
	}

	#[test]
	fn tls_is_needed_except_on_the_same_machine() {
		let mode = |postgres| configuration(&settings(postgres)).unwrap().get_ssl_mode();
		assert_eq!(mode("host=db.city.example user=store"), SslMode::Require);
		assert_eq!(mode("postgresql://store@db.city.example/store"), SslMode::Require);
		assert_eq!(mode("host=db.city.example,127.0.0.1 user=store"), SslMode::Require);
		assert_eq!(mode("hostaddr=192.0.2.1 user=store"), SslMode::Require);
		assert_eq!(mode("host=/run/postgresql user=store"), SslMode::Disable);
		assert_eq!(mode("host=127.0.0.1 user=store"), SslMode::Disable);
		assert_eq!(mode("host=127.0.0.1 user=store sslmode=require"), SslMode::Require);
	}

	#[test]
	fn a_password_in_the_open_is_refused_with_the_remedy() {
		let error = configuration(&settings("host=a user=b password=c")).unwrap_err().to_string();
		assert!(error.contains("postgres-password-file"), "{error}");
		assert!(!error.contains("password=c"), "{error}");
		let error = configuration(&settings("host")).unwrap_err().to_string();
		assert!(error.starts_with("postgres: invalid connection string"), "{error}");
	}

	#[test]
	fn a_file_without_authorities_is_named() {
		let file = tempfile::NamedTempFile::new().unwrap();
		let error = tls(Some(file.path())).err().unwrap().to_string();
		assert!(error.contains(&file.path().display().to_string()), "{error}");
	}
}
