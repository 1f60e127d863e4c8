//! What every command needs: folder, node, account, password, and how to answer.

use super::{Global, OutputFormat};
use anyhow::{anyhow, bail, Context as _, Result};
use indicatif::{ProgressBar, ProgressStyle};
use msec::{ids, Home};
use msec_worker_common::{
	chain::{BlockClient, ChainClient},
	keys::{AccountKey, PasswordSource},
	transactions::{FinalizedTransaction, Submitter, TransactionError},
	AccountId32, H256,
};
use serde_json::Value;
use std::{
	cell::{OnceCell, RefCell},
	io::{self, IsTerminal, Write},
	sync::Arc,
	time::Duration,
};
use zeroize::Zeroizing;

const PASSWORD_VARIABLE: &str = "MSEC_PASSWORD";
/// How long a transaction may take before a person is told.
const PATIENCE: Duration = Duration::from_secs(30);
const STILL_WAITING: &str =
	"the chain has not finalized the transaction yet; it is written down, so \
	stopping here is safe: it goes on with the next command of this account";

/// What every command needs.
pub struct Context {
	global: Global,
	home: Home,
	password: OnceCell<Zeroizing<String>>,
	/// What has ended well, and is forgotten once its result is printed.
	finished: RefCell<Vec<H256>>,
}

impl Context {
	/// Opens the folder.
	pub fn new(global: Global) -> Result<Self> {
		let path = match &global.home {
			Some(path) => path.clone(),
			None => directories::ProjectDirs::from("", "", "msec")
				.map(|directories| directories.data_dir().to_owned())
				.ok_or_else(|| anyhow!("there is no home folder; name one by --home"))?,
		};
		let (password, finished) = (OnceCell::new(), RefCell::default());
		Ok(Self { home: Home::open(&path)?, global, password, finished })
	}

	/// The user's folder.
	pub fn home(&self) -> &Home {
		&self.home
	}

	/// Whether progress is shown.
	pub fn shows_progress(&self) -> bool {
		!self.global.quiet && io::stderr().is_terminal()
	}

	/// Tells a person what goes on.
	pub fn note(&self, text: impl std::fmt::Display) {
		if !self.global.quiet {
			eprintln!("{text}");
		}
	}

	/// Prints the result.
	pub fn print(&self, value: &Value, text: impl FnOnce() -> String) {
		let result = match self.global.output {
			OutputFormat::Json => format!("{value:#}"),
			OutputFormat::Text => text(),
		};
		// A reader that has seen enough is no failure.
		let _ = writeln!(io::stdout(), "{}", result.trim_end());
	}

	/// The password, asked for once.
	pub fn password(&self) -> Result<&Zeroizing<String>> {
		if self.password.get().is_none() {
			let password = self.password_source().read("Password").context(PASSWORD_HINT)?;
			return Ok(self.password.get_or_init(|| password));
		}
		self.password.get().ok_or_else(|| anyhow!("no password"))
	}

	/// A password for something new; a person has to type it twice.
	pub fn new_password(&self) -> Result<&Zeroizing<String>> {
		let source = self.password_source();
		if self.password.get().is_none() && source == PasswordSource::Prompt {
			let password = source.read("New password").context(PASSWORD_HINT)?;
			if source.read("Again")? != password {
				bail!("the two passwords differ");
			}
			return self.accept_password(password);
		}
		let password = self.password()?;
		match password.is_empty() {
			true => bail!("the password is empty"),
			false => Ok(password),
		}
	}

	fn accept_password(&self, password: Zeroizing<String>) -> Result<&Zeroizing<String>> {
		match password.is_empty() {
			true => bail!("the password is empty"),
			false => Ok(self.password.get_or_init(|| password)),
		}
	}

	fn password_source(&self) -> PasswordSource {
		match &self.global.password_file {
			Some(path) => PasswordSource::File(path.clone()),
			None if std::env::var_os(PASSWORD_VARIABLE).is_some() => {
				PasswordSource::Environment(PASSWORD_VARIABLE.to_owned())
			},
			None => PasswordSource::Prompt,
		}
	}

	/// Asks before something is spent or destroyed.
	pub fn confirm(&self, question: &str) -> Result<()> {
		if self.global.yes {
			return Ok(());
		}
		if !io::stdin().is_terminal() {
			bail!("{question} There is no terminal to ask at; say --yes");
		}
		eprint!("{question} [y/N] ");
		let mut answer = String::new();
		io::stdin().read_line(&mut answer)?;
		match answer.trim().to_lowercase().as_str() {
			"y" | "yes" => Ok(()),
			_ => bail!("nothing was done"),
		}
	}

	/// Name of the account that signs.
	pub fn account_name(&self) -> Result<String> {
		if let Some(name) = &self.global.account {
			return Ok(name.clone());
		}
		if let Some(name) = self.home.settings()?.default_account {
			return Ok(name);
		}
		match self.home.accounts()?.as_slice() {
			[only] => Ok(only.clone()),
			[] => bail!("there is no account; make one: msec account create NAME"),
			_ => bail!("which account? say --account NAME or choose: msec account default NAME"),
		}
	}

	/// Address of the account that signs; needs no password.
	pub fn account_address(&self) -> Result<AccountId32> {
		let name = self.account_name()?;
		match name.starts_with("//") {
			true => Ok(self.development_key(&name)?.account_id()),
			false => Ok(self.home.account_address(&name)?),
		}
	}

	/// The key of the account that signs.
	pub fn account_key(&self) -> Result<Arc<AccountKey>> {
		let name = self.account_name()?;
		let key = match name.starts_with("//") {
			true => self.development_key(&name)?,
			false => self.home.account(&name, self.password()?)?,
		};
		Ok(Arc::new(key))
	}

	/// An account on the command line: an address, or the name of one's own.
	pub fn address(&self, text: &str) -> Result<AccountId32> {
		if text.starts_with("//") {
			return Ok(self.development_key(text)?.account_id());
		}
		if let Ok(address) = text.parse() {
			return Ok(address);
		}
		if let Some(digits) = text.strip_prefix("0x") {
			return ids::parse_hash(digits).map(AccountId32).map_err(|error| anyhow!(error));
		}
		self.home
			.account_address(text)
			.with_context(|| format!("{text:?} is neither an address nor an account of your own"))
	}

	fn development_key(&self, uri: &str) -> Result<AccountKey> {
		if !self.global.dev {
			bail!("{uri} is a development account that everybody can use; allow it by --dev");
		}
		Ok(AccountKey::from_uri(uri)?)
	}

	/// A data set on the command line: its identifier, or the name of one's own.
	pub fn dataset(&self, text: &str) -> Result<H256> {
		if let Ok(id) = ids::parse_hash(text) {
			return Ok(H256(id));
		}
		let record = self.home.dataset_record(text)?;
		ids::parse_hash(&record.dataset).map(H256).map_err(|error| anyhow!(error))
	}

	/// Address of the node.
	pub fn node(&self) -> &str {
		&self.global.node
	}

	/// Connects to the node.
	pub async fn chain(&self) -> Result<ChainClient> {
		Ok(ChainClient::connect(&self.global.node).await?)
	}

	/// The last finalized block.
	pub async fn finalized(&self) -> Result<(ChainClient, BlockClient)> {
		let chain = self.chain().await?;
		let block = chain.finalized().await?;
		Ok((chain, block))
	}

	/// Submits transactions of the account that signs.
	pub async fn submitter(&self) -> Result<Submitter> {
		let key = self.account_key()?;
		let chain = self.chain().await?;
		self.submitter_of(chain, key)
	}

	/// Submits transactions of `key`.
	pub fn submitter_of(&self, chain: ChainClient, key: Arc<AccountKey>) -> Result<Submitter> {
		let path = self.home.outbox(&key.account_id());
		Ok(Submitter::open(&path, chain, key)?)
	}

	/// Submits a call and waits until it is finalized.
	pub async fn execute<Call: subxt::transactions::Payload>(
		&self,
		submitter: &Submitter,
		idempotency_key: &str,
		call: &Call,
	) -> Result<FinalizedTransaction, TransactionError> {
		let spinner = self.spinner("waiting for the chain");
		let mut done = std::pin::pin!(submitter.execute(idempotency_key, call));
		let done = loop {
			match tokio::time::timeout(PATIENCE, &mut done).await {
				Ok(done) => break done,
				Err(_) => spinner.suspend(|| self.note(STILL_WAITING)),
			}
		};
		spinner.finish_and_clear();
		done
	}

	/// Submits a call and waits until it is finalized. After an interruption, the same call is the same
	/// submission, and takes effect once.
	pub async fn execute_once<Call: subxt::transactions::Payload>(
		&self,
		submitter: &Submitter,
		what: &str,
		call: &Call,
	) -> Result<FinalizedTransaction> {
		let block = submitter.chain().finalized().await?;
		let call_data = block.inner().transactions().call_data(call)?;
		let fingerprint = ids::fingerprint(what, &submitter.key().account_id(), &call_data);
		let choice = self.choose(&fingerprint)?;
		let done =
			self.execute(submitter, &format!("{what}/{}", ids::hash_text(&choice.0)), call).await;
		self.end_unless_unknown(&fingerprint, &done)?;
		Ok(done?)
	}

	/// What an interrupted command with this fingerprint has chosen, or a new random choice.
	pub fn choose(&self, fingerprint: &H256) -> Result<H256> {
		if let Some(choice) = self.begun(fingerprint)? {
			return Ok(choice);
		}
		let choice = H256(rand::random());
		self.home.begin(fingerprint, &choice)?;
		Ok(choice)
	}

	/// What an interrupted command with this fingerprint has chosen.
	pub fn begun(&self, fingerprint: &H256) -> Result<Option<H256>> {
		let choice = self.home.intent(fingerprint)?;
		if choice.is_some() {
			self.note(
				"going on with what was interrupted; run the command again to do it once more",
			);
		}
		Ok(choice)
	}

	/// Forgets what was begun when it is known that it failed, and after the command when it has ended well:
	/// whoever has not seen the result runs the command again, and must not do it twice.
	pub fn end_unless_unknown(
		&self,
		fingerprint: &H256,
		done: &Result<FinalizedTransaction, TransactionError>,
	) -> Result<()> {
		use TransactionError::{Failed, Rejected};
		match done {
			Ok(_) => self.finished.borrow_mut().push(*fingerprint),
			Err(Failed { .. } | Rejected(_)) => self.home.end(fingerprint)?,
			Err(_) => {},
		}
		Ok(())
	}

	/// Notes that what has this fingerprint has ended well.
	pub fn finish(&self, fingerprint: H256) {
		self.finished.borrow_mut().push(fingerprint);
	}

	/// Forgets what has ended well. To be called when its result is printed.
	pub fn forget_finished(&self) -> Result<()> {
		for fingerprint in self.finished.take() {
			self.home.end(&fingerprint)?;
		}
		Ok(())
	}

	/// Something that turns while a person waits.
	pub fn spinner(&self, text: &str) -> ProgressBar {
		if !self.shows_progress() {
			return ProgressBar::hidden();
		}
		let spinner = ProgressBar::new_spinner().with_message(text.to_owned());
		spinner.enable_steady_tick(Duration::from_millis(100));
		spinner
	}

	/// A bar that fills, in bytes or in something else.
	pub fn bar(&self, length: u64, bytes: bool) -> ProgressBar {
		if !self.shows_progress() {
			return ProgressBar::hidden();
		}
		let template = match bytes {
			true => "{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {msg}",
			false => "{bar:40} {pos}/{len} {msg}",
		};
		let style =
			ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
		ProgressBar::new(length).with_style(style)
	}
}

const PASSWORD_HINT: &str =
	"a password is needed: --password-file FILE, MSEC_PASSWORD, or a terminal";

/// A table with aligned columns; nothing for no rows.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
	let width = |column: usize| {
		let cells = rows.iter().filter_map(|row| row.get(column)).map(String::as_str);
		cells.chain(header.get(column).copied()).map(|cell| cell.chars().count()).max().unwrap_or(0)
	};
	let widths: Vec<usize> = (0..header.len()).map(width).collect();
	let line = |cells: Vec<&str>| {
		let padded: Vec<String> =
			cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
		padded.join("  ").trim_end().to_owned()
	};
	let mut lines = vec![line(header.to_vec())];
	lines.extend(rows.iter().map(|row| line(row.iter().map(String::as_str).collect())));
	lines.join("\n")
}

/// Lines of names and values.
pub fn fields(rows: &[(&str, String)]) -> String {
	let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
	let lines: Vec<String> =
		rows.iter().map(|(name, value)| format!("{name:width$}  {value}")).collect();
	lines.join("\n")
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn tables_are_aligned() {
		let rows = [vec!["é".to_owned(), "b".to_owned()], vec!["ccc".to_owned(), String::new()]];
		assert_eq!(table(&["x", "y"], &rows), "x    y\né    b\nccc");
		assert_eq!(fields(&[("a", "1".into()), ("bc", "2".into())]), "a   1\nbc  2");
	}
}
