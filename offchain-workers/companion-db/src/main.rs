//! `msec-companion-db`: serves encrypted batches to whom the chain allows.

use anyhow::Context;
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use msec_companion_db::{
	access::NodeAccess,
	access_log::AccessLog,
	backups,
	duties::Duties,
	erasures::Erasures,
	http::{description, routes, serve, Service},
	registry::{NodeRegistry, Registry},
	replication::{NodeNeighbours, Replication},
	scrub::{self, Report},
	settings::{Arguments, Command, Output, Settings, Storage},
	store::{
		backup::{self, Summary},
		Migration, Moved, Store, StoreFault,
	},
};
use msec_worker_common::{
	chain::{ChainClient, ChainError},
	configuration::ConfigurationError,
	health::{self, Readiness},
	keys::AccountKey,
	shutdown, telemetry,
	transactions::Submitter,
};
use std::{fmt::Display, path::Path, process::ExitCode, sync::Arc, time::Duration};
use tokio::{net::TcpListener, runtime::Handle, task::spawn_blocking};
use tokio_util::sync::CancellationToken;

/// How often it is checked whether decisions can be had.
const READINESS_PERIOD: Duration = Duration::from_secs(3);
/// How long a migration pauses when PostgreSQL or the objects cannot be reached.
const MIGRATION_PAUSE: Duration = Duration::from_secs(5);
/// Exit status when what is asked for cannot be begun.
const UNUSABLE: u8 = 2;

fn main() -> ExitCode {
	share_freed_memory();
	let arguments = Arguments::parse();
	telemetry::init();
	match arguments.command.clone().unwrap_or_default() {
		Command::Serve => run(&arguments, Opening::AsItIs),
		Command::Migrate => run(&arguments, Opening::WhileItMoves),
		Command::Scrub { output } => run_scrub(&arguments, output),
		Command::Backup { folder, output } => {
			told(arguments.storage(), |storage| back_up(storage, &folder, output))
		},
		Command::Restore { file, output } => {
			told(arguments.storage(), |storage| restore(storage, &file, output))
		},
		Command::Openapi => {
			println!("{}", description());
			ExitCode::SUCCESS
		},
	}
}

fn complain(error: impl Display) {
	eprintln!("msec-companion-db: {error:#}");
}

/// How a store is opened.
#[derive(Clone, Copy)]
enum Opening {
	AsItIs,
	WhileItMoves,
}

fn run(arguments: &Arguments, opening: Opening) -> ExitCode {
	let settings = match arguments.settings() {
		Ok(settings) => settings,
		Err(error) => {
			complain(error);
			return ExitCode::from(UNUSABLE);
		},
	};
	match start(settings, opening) {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			complain(error);
			ExitCode::FAILURE
		},
	}
}

#[tokio::main]
async fn start(settings: Settings, opening: Opening) -> anyhow::Result<()> {
	let stop = shutdown::on_signal()?;
	let key = account_key(&settings)?;
	let (store, migration) = open(&settings.storage, opening).await?;
	let directory = settings.storage.data_directory.clone();
	let log = AccessLog::open(&directory.join("access-log"), settings.account)?;
	let chain = ChainClient::connect(&settings.node).await?.holding_to_finality();
	warn_unless_registered(&chain, &settings).await?;

	let readiness = Readiness::default();
	let metrics = health::install_metrics()?;
	let watching = watch(chain.clone(), settings.max_head_age, readiness.clone(), stop.clone());
	let health = health::serve(settings.health_listen, readiness, metrics, stop.clone());
	let erasures =
		Erasures::open(&directory.join("erasures"), store.clone(), chain.genesis(), key.clone())?;
	let registry = registry(&directory.join("outbox.redb"), &chain, key.clone())?;
	let neighbours = key.map(|key| NodeNeighbours::new(chain.clone(), key));
	let access = Arc::new(NodeAccess::new(chain, settings.max_head_age));
	let replication = neighbours.map(|neighbours| Replication {
		erasures: erasures.clone(),
		chain: access.clone(),
		neighbours: Arc::new(neighbours),
		quota: settings.limits.max_dataset_bytes,
	});
	let duties = Duties {
		erasures: erasures.clone(),
		log: log.clone(),
		chain: access.clone(),
		registry,
		access_log_days: settings.access_log_days,
		operator: settings.account,
		followed: settings.storage.followed(),
	};
	let duties = duties.run(stop.clone());
	let backups = serve_backups(&settings.storage, store, stop.clone());

	let service = Service::new(erasures, log, access, settings.account, settings.limits)
		.with_owners(settings.owners)
		.with_stop(stop.clone());
	let listener = TcpListener::bind(settings.listen)
		.await
		.with_context(|| format!("cannot listen at {}", settings.listen))?;
	tracing::info!(address = %listener.local_addr()?, account = %settings.account, "serving");
	shutdown::notify_ready();
	let serving = serve(listener, routes(Arc::new(service)), settings.connections, stop.clone());
	// When one of them fails, the others are stopped by the end of the process.
	let ((), (), (), (), (), (), ()) = tokio::try_join!(
		async { serving.await.context("serving") },
		async { health.await.context("health and metrics") },
		async {
			backups.await;
			Ok(())
		},
		async {
			match migration {
				Some(migration) => migrate(Arc::new(migration), stop.clone()).await,
				None => Ok(()),
			}
		},
		async {
			if let Some(replication) = &replication {
				replication.run(stop.clone()).await;
			}
			Ok(())
		},
		async {
			duties.await;
			Ok(())
		},
		async {
			watching.await;
			Ok(())
		},
	)?;
	Ok(())
}

/// Lets all threads use what any of them freed. Otherwise glibc keeps memory for each of the many threads
/// through which uploads and reads go.
fn share_freed_memory() {
	// SAFETY: no other thread allocates yet, and the option is one that glibc documents (mallopt(3)).
	#[cfg(target_env = "gnu")]
	unsafe {
		libc::mallopt(libc::M_ARENA_MAX, 1);
	}
}

/// Hands out backups of a store that has everything in its directory.
async fn serve_backups(storage: &Storage, store: Store, stop: CancellationToken) {
	if storage.city.is_some() {
		return;
	}
	if let Err(error) = backups::serve(store, &storage.data_directory, stop).await {
		tracing::warn!(%error, "no backup can be made while the store serves");
	}
}

async fn open(storage: &Storage, opening: Opening) -> anyhow::Result<(Store, Option<Migration>)> {
	let place = format!("the store in {}", storage.data_directory.display());
	let storage = storage.clone();
	let opened = spawn_blocking(move || match opening {
		Opening::AsItIs => Ok((storage.open(Handle::current())?, None)),
		Opening::WhileItMoves => {
			let (store, migration) = storage.migrate(Handle::current())?;
			Ok((store, Some(migration)))
		},
	});
	opened.await?.map_err(|fault: StoreFault| anyhow::Error::from(fault)).context(place)
}

/// Moves everything; what passes is waited for.
async fn migrate(migration: Arc<Migration>, stop: CancellationToken) -> anyhow::Result<()> {
	while !stop.is_cancelled() {
		let (migration, stopped) = (migration.clone(), stop.clone());
		match spawn_blocking(move || move_all(&migration, &stopped)).await? {
			Ok(moved) => {
				tell(&moved, &stop);
				return Ok(());
			},
			Err(fault @ (StoreFault::Unreachable(_) | StoreFault::Full)) => {
				tracing::warn!(%fault, "the migration goes on later");
				stop.run_until_cancelled(tokio::time::sleep(MIGRATION_PAUSE)).await;
			},
			Err(fault) => return Err(fault).context("moving to PostgreSQL"),
		}
	}
	Ok(())
}

fn move_all(migration: &Migration, stop: &CancellationToken) -> Result<Moved, StoreFault> {
	let bar = progress_bar(migration.bytes()?, "moved");
	let moved = migration.run(|| !stop.is_cancelled(), |bytes| bar.inc(bytes))?;
	bar.finish_and_clear();
	Ok(moved)
}

fn tell(moved: &Moved, stop: &CancellationToken) {
	for (dataset, batch) in &moved.damaged {
		let dataset = format!("0x{}", hex::encode(dataset));
		tracing::error!(dataset, batch, "not moved, because this batch is damaged");
	}
	let (datasets, bytes) = (moved.datasets, moved.bytes);
	if stop.is_cancelled() {
		tracing::info!(datasets, bytes, "the migration goes on at the next start");
	} else if moved.damaged.is_empty() {
		tracing::info!(datasets, bytes, "everything is moved; `migrate` is not needed any more");
	}
}

fn run_scrub(arguments: &Arguments, output: Output) -> ExitCode {
	let storage = match arguments.storage() {
		Ok(storage) => storage,
		Err(error) => {
			complain(error);
			return ExitCode::from(UNUSABLE);
		},
	};
	match scrub_all(storage).and_then(|report| print(&report, output).map(|()| report)) {
		Ok(report) if report.damaged == 0 => ExitCode::SUCCESS,
		Ok(_) => ExitCode::FAILURE,
		Err(error) => {
			complain(error);
			ExitCode::from(UNUSABLE)
		},
	}
}

#[tokio::main]
async fn scrub_all(storage: Storage) -> anyhow::Result<Report> {
	let scrubbing = spawn_blocking(move || {
		let store = storage.open_to_read(Handle::current())?;
		let bar = progress_bar(scrub::length(&store)?, "read");
		let report = scrub::scrub(&store, |bytes| bar.inc(bytes))?;
		bar.finish_and_clear();
		Ok(report)
	});
	scrubbing.await?.map_err(|fault: StoreFault| fault.into())
}

/// Does something with what was configured, and complains when that fails.
fn told(
	storage: Result<Storage, ConfigurationError>,
	job: impl FnOnce(&Storage) -> anyhow::Result<()>,
) -> ExitCode {
	let storage = match storage {
		Ok(storage) => storage,
		Err(error) => {
			complain(error);
			return ExitCode::from(UNUSABLE);
		},
	};
	match job(&storage) {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			complain(error);
			ExitCode::FAILURE
		},
	}
}

fn back_up(storage: &Storage, folder: &Path, output: Output) -> anyhow::Result<()> {
	ensure_embedded(storage)?;
	let (path, summary) = backups::back_up(&storage.data_directory, folder)?;
	print_summary(&path, &summary, output)
}

fn restore(storage: &Storage, file: &Path, output: Output) -> anyhow::Result<()> {
	ensure_embedded(storage)?;
	// What happened on the chain since the backup is to be found again, even when this is interrupted.
	let followed = storage.followed();
	if followed.try_exists()? {
		std::fs::remove_file(&followed)?;
	}
	let summary = backup::restore(file, &storage.data_directory)?;
	print_summary(file, &summary, output)
}

fn ensure_embedded(storage: &Storage) -> anyhow::Result<()> {
	anyhow::ensure!(storage.city.is_none(), "PostgreSQL and the objects have backups of their own");
	Ok(())
}

fn print_summary(file: &Path, summary: &Summary, output: Output) -> anyhow::Result<()> {
	let Summary { datasets, batches, bytes, damaged } = summary;
	match output {
		Output::Json => {
			let value = serde_json::json!({ "file": file.display().to_string(), "held": summary });
			println!("{value:#}");
		},
		Output::Text => println!(
			"{}: {datasets} data sets, {batches} batches, {bytes} bytes; {damaged} damaged ones are left out",
			file.display()
		),
	}
	Ok(())
}

fn print(report: &Report, output: Output) -> anyhow::Result<()> {
	match output {
		Output::Json => println!("{}", serde_json::to_string_pretty(report)?),
		Output::Text => {
			for damage in &report.damage {
				println!("{damage}");
			}
			let Report { datasets, batches, bytes, damaged, .. } = report;
			println!("{datasets} data sets, {batches} batches, {bytes} bytes: {damaged} damaged");
		},
	}
	Ok(())
}

/// Shown on a terminal only.
fn progress_bar(bytes: u64, done: &str) -> ProgressBar {
	let template = format!("{{bar:30}} {{bytes}} of {{total_bytes}} {done}, {{eta}} left");
	let style = ProgressStyle::with_template(&template).expect("the template is well-formed; qed");
	ProgressBar::new(bytes).with_style(style)
}

/// The key of the store's account, where it is configured.
fn account_key(settings: &Settings) -> anyhow::Result<Option<Arc<AccountKey>>> {
	let Some(path) = &settings.account_key else {
		tracing::warn!(
			"no --account-key: the access log is not anchored, erasures are not certified, and \
			nothing is fetched from other stores"
		);
		return Ok(None);
	};
	let key = AccountKey::load(path, &settings.password)?;
	anyhow::ensure!(
		key.account_id() == settings.account,
		"{} is the key of {}, not of {}",
		path.display(),
		key.account_id(),
		settings.account
	);
	Ok(Some(Arc::new(key)))
}

/// Where the chain is told, when there is a key to sign with.
fn registry(
	outbox: &Path,
	chain: &ChainClient,
	key: Option<Arc<AccountKey>>,
) -> anyhow::Result<Option<Arc<dyn Registry>>> {
	let Some(key) = key else { return Ok(None) };
	let submitter = Submitter::open(outbox, chain.clone(), key)?;
	Ok(Some(Arc::new(NodeRegistry::new(submitter))))
}

async fn warn_unless_registered(
	chain: &ChainClient,
	settings: &Settings,
) -> Result<(), ChainError> {
	match chain.finalized().await?.store(&settings.account).await? {
		Some(store) => tracing::info!(endpoint = store.endpoint, "registered on chain"),
		None => tracing::warn!(
			account = %settings.account,
			"no store is registered for this account; data sets cannot name it until then"
		),
	}
	Ok(())
}

/// Keeps readiness up to date.
async fn watch(
	chain: ChainClient,
	max_head_age: Duration,
	readiness: Readiness,
	stop: CancellationToken,
) {
	loop {
		let state = is_followed(&chain, max_head_age).await;
		readiness.set(state.map_err(|error| error.to_string()));
		tokio::select! {
			() = stop.cancelled() => return,
			() = tokio::time::sleep(READINESS_PERIOD) => {},
		}
	}
}

/// Whether the node knows the chain's present state, and stands by what it called final.
async fn is_followed(chain: &ChainClient, max_head_age: Duration) -> Result<(), ChainError> {
	chain.fresh_best(max_head_age).await?;
	chain.finalized().await.map(drop)
}
