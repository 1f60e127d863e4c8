//! Options that every command has.

use clap::{Args, ValueEnum};
use msec_anonymizer::{detection::Class, removal::Method, Settings};
use msec_worker_common::configuration::{load, ConfigurationError};
use serde::Serialize;
use std::path::{Path, PathBuf};

const PREFIX: &str = "MSEC_ANONYMIZE_";
/// Variables with that prefix that are not keys of [`Settings`].
const RESERVED: &[&str] = &["config", "hide", "originals_key"];

/// How results are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
	/// For people.
	#[default]
	Text,
	/// For programs: one JSON value.
	Json,
}

/// Options of every command.
#[derive(Args, Clone, Debug)]
pub struct Global {
	/// TOML file with settings: models, method, and for each class from which score it is hidden.
	#[arg(long, global = true, env = "MSEC_ANONYMIZE_CONFIG", value_name = "FILE")]
	config: Option<PathBuf>,
	/// What to hide; everything else stays visible [default: what the file says, else everything].
	#[arg(
		long,
		global = true,
		env = "MSEC_ANONYMIZE_HIDE",
		value_enum,
		value_delimiter = ',',
		value_name = "CLASSES"
	)]
	hide: Vec<Class>,
	#[command(flatten)]
	flags: Flags,
	/// How results are shown.
	#[arg(long, global = true, value_enum, default_value_t)]
	pub output: OutputFormat,
	/// Show results only, no progress.
	#[arg(long, short, global = true)]
	pub quiet: bool,
}

/// Flags that are keys of [`Settings`].
#[derive(Args, Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Flags {
	/// How things vanish [default: mosaic].
	#[arg(long, global = true, value_enum)]
	#[serde(skip_serializing_if = "Option::is_none")]
	method: Option<Method>,
	/// Folder with the prepared models and the runtime [default: msec/models in the user's cache].
	#[arg(long, global = true, value_name = "DIRECTORY")]
	#[serde(skip_serializing_if = "Option::is_none")]
	models: Option<PathBuf>,
}

impl Global {
	/// Merges file, environment and flags.
	pub fn settings(&self) -> Result<Settings, ConfigurationError> {
		self.merged(self.config.as_deref())
	}

	/// The same with another file.
	pub fn settings_from(&self, file: &Path) -> Result<Settings, ConfigurationError> {
		self.merged(Some(file))
	}

	fn merged(&self, file: Option<&Path>) -> Result<Settings, ConfigurationError> {
		let mut settings: Settings = load(file, PREFIX, RESERVED, &self.flags)?;
		if !self.hide.is_empty() {
			let known = Settings::default().classes;
			let configured = std::mem::take(&mut settings.classes);
			settings.classes = known.into_iter().chain(configured).collect();
			settings.classes.retain(|class, _| self.hide.contains(class));
		}
		Ok(settings)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::Parser;

	#[derive(Parser)]
	struct Command {
		#[command(flatten)]
		global: Global,
	}

	fn settings(arguments: &[&str]) -> Settings {
		let arguments = std::iter::once(&"").chain(arguments);
		Command::parse_from(arguments).global.settings().unwrap()
	}

	#[test]
	fn without_arguments_the_defaults_hold() {
		assert_eq!(settings(&[]), Settings::default());
	}

	#[test]
	fn flags_win_over_the_file_and_classes_are_chosen() {
		let file = tempfile::NamedTempFile::new().unwrap();
		let content = "method = \"solid\"\nmodels = \"/srv/models\"\n\
			[classes.face]\nhide-from = 0.3\nreview-from = 0.2\ngrow = 0.5\n";
		std::fs::write(file.path(), content).unwrap();
		let config = file.path().to_str().unwrap();

		let from_file = settings(&["--config", config]);
		assert_eq!(from_file.method, Method::Solid);
		assert_eq!(from_file.classes.keys().collect::<Vec<_>>(), [&Class::Face]);

		let chosen =
			settings(&["--config", config, "--method", "blur", "--hide", "face,licence-plate"]);
		assert_eq!(chosen.method, Method::Blur);
		assert_eq!(chosen.models, PathBuf::from("/srv/models"));
		assert_eq!(chosen.classes[&Class::Face].hide_from, 0.3);
		assert_eq!(chosen.classes.keys().collect::<Vec<_>>(), [&Class::Face, &Class::LicencePlate]);
	}
}
