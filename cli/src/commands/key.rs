//! `msec key`

use super::{
	context::{fields, table, Context},
	rotation::Rotate,
};
use anyhow::{anyhow, bail, Context as _, Result};
use clap::{Args, Subcommand};
use msec::{
	backup::{self, Key, Lock, Restored},
	home::KeyRecord,
};
use msec_commitments::WrappingKey;
use msec_worker_common::{
	chain::runtime::{self, runtime_types},
	keys::{generate_wrapping_secret, write_secret, PasswordSource, Suite},
	transactions::Submitter,
};
use serde_json::json;
use std::{
	io::{self, IsTerminal, Write},
	path::PathBuf,
};
use zeroize::Zeroizing;

#[derive(Subcommand)]
pub enum KeyCommand {
	/// Make an encryption key.
	Create {
		/// What to call it here.
		name: String,
		/// Its kind: x25519, or x-wing, which resists quantum computers as well.
		///
		/// The chain publishes x25519 keys alone. A key of x-wing is used for sealing the secrets of your
		/// own data sets: say `msec key use`.
		#[arg(long, default_value_t)]
		suite: Suite,
	},
	/// Seal the secrets of new data sets for this key, whatever key is published.
	Use {
		/// Which key.
		name: String,
	},
	/// Make a new key in place of one, and seal the secrets of all data sets for it.
	///
	/// Nothing of the data is touched. Interrupted, the command goes on where it was when it is run again.
	/// The former key stays here as NAME-v1, NAME-v2 and so on.
	Rotate(Rotate),
	/// Publish an encryption key on chain, in place of an older one.
	Publish {
		/// Which key.
		name: String,
	},
	/// Show all encryption keys.
	List,
	/// Write all secrets to one encrypted file: accounts, keys, data sets and orders.
	///
	/// The file can be opened with `age` as well. Without an option it is locked by the password that the
	/// secrets have here. A recovery phrase or a recipient opens it without that password.
	Backup(Backup),
	/// Bring back the secrets of a backup; nothing is overwritten.
	///
	/// Without an option the backup opens with the password. One that is locked by a phrase or for a
	/// recipient brings its secrets back under the password of your choice.
	Restore(Restore),
}

#[derive(Args)]
pub struct Backup {
	/// The new file.
	file: PathBuf,
	/// Lock it by a new recovery phrase of 24 words, which is shown once and asked back.
	#[arg(long)]
	phrase: bool,
	/// Lock it by a new recovery phrase and write that to this new file (mode 600) instead of showing it.
	#[arg(long, value_name = "FILE", conflicts_with = "phrase")]
	phrase_file: Option<PathBuf>,
	/// Lock it for the identity of age with this public key (age1…); may be repeated.
	#[arg(long = "recipient", value_name = "RECIPIENT", conflicts_with_all = ["phrase", "phrase_file"])]
	recipients: Vec<age::x25519::Recipient>,
}

#[derive(Args)]
pub struct Restore {
	/// The backup.
	file: PathBuf,
	/// Ask for the recovery phrase.
	#[arg(long)]
	phrase: bool,
	/// Read the recovery phrase from this file (mode 600).
	#[arg(long, value_name = "FILE", conflicts_with = "phrase")]
	phrase_file: Option<PathBuf>,
	/// Open it with the identity of age in this file (mode 600).
	#[arg(long, value_name = "FILE", conflicts_with_all = ["phrase", "phrase_file"])]
	identity: Option<PathBuf>,
}

impl KeyCommand {
	pub async fn run(self, context: &Context) -> Result<()> {
		match self {
			Self::Create { name, suite } => {
				let secret = generate_wrapping_secret(suite);
				let record = context.home().save_key(&name, &secret, context.new_password()?)?;
				let value = json!({ "name": name, "public_key": record.public_key });
				context.print(&value, || {
					let next = match suite {
						Suite::X25519 => format!("Publish it: msec key publish {name}"),
						Suite::XWing => format!("Seal your data sets for it: msec key use {name}"),
					};
					let key = fields(&[("key", name.clone()), ("public key", shown(&record))]);
					format!("{key}\n\n{next}")
				});
				Ok(())
			},
			Self::Use { name } => use_key(context, &name),
			Self::Rotate(rotate) => rotate.run(context).await,
			Self::Publish { name } => publish(context, &name).await,
			Self::List => {
				let keys = context.home().keys()?;
				let suite = |key: &KeyRecord| key.suite().unwrap_or_default().to_string();
				let values: Vec<_> = keys
					.iter()
					.map(|(name, key)| {
						json!({
							"name": name, "public_key": key.public_key, "suite": suite(key),
							"version": key.version,
						})
					})
					.collect();
				let row = |(name, key): &(String, KeyRecord)| {
					vec![name.clone(), suite(key), key.version.to_string(), shown(key)]
				};
				let rows: Vec<_> = keys.iter().map(row).collect();
				context.print(&json!(values), || {
					table(&["NAME", "SUITE", "VERSION", "PUBLIC KEY"], &rows)
				});
				Ok(())
			},
			Self::Backup(backup) => backup.run(context),
			Self::Restore(restore) => restore.run(context),
		}
	}
}

impl Backup {
	fn run(self, context: &Context) -> Result<()> {
		let phrase = match (&self.phrase_file, self.phrase) {
			(None, false) => None,
			(Some(_), _) => Some(backup::new_phrase()),
			(None, true) => Some(show_and_ask_back(&mut Terminal)?),
		};
		let (lock, password) = match &phrase {
			Some(phrase) => (Lock::Phrase(phrase), context.password()?),
			None if self.recipients.is_empty() => (Lock::Password, context.new_password()?),
			None => (Lock::Recipients(&self.recipients), context.password()?),
		};
		let (backup, count) = context.home().backup(&lock, password)?;
		if let (Some(path), Some(phrase)) = (&self.phrase_file, &phrase) {
			write_secret(path, phrase.as_bytes())?;
		}
		write_secret(&self.file, &backup)?;
		let value = json!({ "file": self.file, "secrets": count });
		context.print(&value, || {
			format!("{count} secrets are in {}; keep it elsewhere", self.file.display())
		});
		Ok(())
	}
}

impl Restore {
	fn run(self, context: &Context) -> Result<()> {
		let backup =
			std::fs::read(&self.file).with_context(|| format!("{}", self.file.display()))?;
		let phrase = self.phrase()?;
		let (key, password) = match (&phrase, &self.identity) {
			(Some(phrase), _) => (Key::Phrase(phrase), context.new_password()?),
			(None, Some(path)) => (Key::Identity(path), context.new_password()?),
			(None, None) => (Key::Password, context.password()?),
		};
		let outcome = context.home().restore(&backup, &key, password)?;
		let Restored { restored, kept, under_other_password } = outcome;
		let value = json!({
			"restored": restored, "kept": kept, "under_other_password": under_other_password,
		});
		context.print(&value, || {
			let mut text = format!("{restored} secrets were restored, {kept} were there already");
			if under_other_password > 0 {
				text += &format!("; {under_other_password} keep a password of their own");
			}
			text
		});
		Ok(())
	}

	fn phrase(&self) -> Result<Option<Zeroizing<String>>> {
		let typed = match &self.phrase_file {
			Some(path) => PasswordSource::File(path.clone()).read("Recovery phrase")?,
			None if self.phrase => PasswordSource::Prompt
				.read("Recovery phrase")
				.context("there is no terminal to ask at; name a file by --phrase-file")?,
			None => return Ok(None),
		};
		backup::read_phrase(&typed).map(Some).map_err(|error| anyhow!(error))
	}
}

/// Where a phrase is shown and asked for.
trait Screen {
	fn show(&mut self, text: &str) -> Result<()>;
	fn wait(&mut self, prompt: &str) -> Result<()>;
	fn clear(&mut self) -> Result<()>;
	fn ask(&mut self, prompt: &str) -> Result<Zeroizing<String>>;
}

struct Terminal;

impl Screen for Terminal {
	fn show(&mut self, text: &str) -> Result<()> {
		if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
			bail!("there is no terminal to show the phrase on; name a file by --phrase-file");
		}
		eprintln!("{text}");
		Ok(())
	}

	fn wait(&mut self, prompt: &str) -> Result<()> {
		eprint!("{prompt} ");
		io::stdin().read_line(&mut String::new())?;
		Ok(())
	}

	fn clear(&mut self) -> Result<()> {
		// ECMA-48: erase the screen and what was scrolled away, and go to the corner.
		eprint!("\x1b[2J\x1b[3J\x1b[H");
		Ok(io::stderr().flush()?)
	}

	fn ask(&mut self, prompt: &str) -> Result<Zeroizing<String>> {
		Ok(PasswordSource::Prompt.read(prompt)?)
	}
}

/// Makes a phrase, shows it once, and goes on only when it is given back.
fn show_and_ask_back(screen: &mut impl Screen) -> Result<Zeroizing<String>> {
	let phrase = backup::new_phrase();
	let numbered: Vec<String> =
		(1..).zip(phrase.split(' ')).map(|(number, word)| format!("{number:2} {word}")).collect();
	let lines = Zeroizing::new(
		numbered.chunks(4).map(|line| line.join("\t")).collect::<Vec<_>>().join("\n"),
	);
	screen.show(&format!(
		"Write these words down on paper; they are not shown again:\n\n{}\n",
		*lines
	))?;
	screen.wait("Press Enter when that is done.")?;
	screen.clear()?;
	let typed = screen.ask("Type the 24 words")?;
	let again =
		backup::read_phrase(&typed).map_err(|error| anyhow!("{error}; nothing was written"))?;
	if again != phrase {
		bail!("these are not the words that were shown; nothing was written");
	}
	Ok(phrase)
}

async fn publish(context: &Context, name: &str) -> Result<()> {
	let record = context.home().key_record(name)?;
	let submitter = context.submitter().await?;
	let account = submitter.key().account_id();
	match record.key() {
		Some(WrappingKey::X25519(key)) => publish_key(context, &submitter, key).await?,
		Some(WrappingKey::XWing(_)) => {
			bail!("the chain publishes keys of X25519 alone; say: msec key use {name}")
		},
		None => bail!("the public key of {name} is damaged"),
	}
	let value = json!({
		"name": name, "public_key": record.public_key, "account": account.to_string(),
	});
	context.print(&value, || format!("{} is the encryption key of {account}", record.public_key));
	Ok(())
}

/// Publishes a key of the account that signs, unless it is published.
pub async fn publish_key(context: &Context, submitter: &Submitter, key: [u8; 32]) -> Result<()> {
	let account = submitter.key().account_id();
	let block = submitter.chain().finalized().await?;
	let published = block.encryption_key(&account).await?;
	if published.is_none_or(|published| published.key != key) {
		let suite = runtime_types::pallet_records::types::Suite::X25519;
		let call = runtime::transactions().records().publish_encryption_key(suite, key);
		context.execute_once(submitter, "key", &call).await?;
	}
	Ok(())
}

fn use_key(context: &Context, name: &str) -> Result<()> {
	let record = context.home().key_record(name)?;
	let mut settings = context.home().settings()?;
	settings.owner_key = Some(name.to_owned());
	context.home().save_settings(&settings)?;
	let value = json!({ "name": name, "public_key": record.public_key });
	context.print(&value, || format!("the secrets of new data sets are sealed for {name}"));
	Ok(())
}

/// A public key for people: the whole of a short one, the beginning of a long one.
fn shown(record: &KeyRecord) -> String {
	const SHOWN: usize = 66;
	match record.public_key.get(..SHOWN) {
		Some(beginning) if record.public_key.len() > SHOWN => format!("{beginning}…"),
		_ => record.public_key.clone(),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	/// A person who types what `answer` makes of the words that were shown.
	struct Person<A> {
		shown: String,
		cleared: bool,
		answer: A,
	}

	impl<A: Fn(&[&str]) -> String> Screen for Person<A> {
		fn show(&mut self, text: &str) -> Result<()> {
			self.shown = text.to_owned();
			Ok(())
		}

		fn wait(&mut self, _: &str) -> Result<()> {
			Ok(())
		}

		fn clear(&mut self) -> Result<()> {
			self.cleared = true;
			Ok(())
		}

		fn ask(&mut self, _: &str) -> Result<Zeroizing<String>> {
			assert!(self.cleared, "the words can still be seen");
			let table = self.shown.split("\n\n").nth(1).unwrap();
			let parts: Vec<&str> = table.split_whitespace().collect();
			let words: Vec<&str> = parts.chunks(2).map(|part| part[1]).collect();
			Ok(Zeroizing::new((self.answer)(&words)))
		}
	}

	fn asked(answer: impl Fn(&[&str]) -> String) -> Result<Zeroizing<String>> {
		show_and_ask_back(&mut Person { shown: String::new(), cleared: false, answer })
	}

	#[test]
	fn a_phrase_must_be_given_back() {
		let phrase = asked(|words| words.join(" ")).unwrap();
		assert_eq!(phrase.split(' ').count(), 24);
		let error = asked(|words| words[1..].join(" ")).unwrap_err().to_string();
		assert!(error.contains("23") && error.contains("nothing was written"), "{error}");
		let other = backup::new_phrase();
		let error = asked(|_| other.to_string()).unwrap_err().to_string();
		assert!(error.contains("not the words"), "{error}");
	}
}
