//! Configuration in layers: a TOML file, over it the environment, over it the command line.

use figment::{
	providers::{Env, Format, Serialized, Toml},
	Figment,
};
use serde::{de::DeserializeOwned, Serialize};
use std::path::{Path, PathBuf};

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
	/// The file that was named is not there.
	#[error("the configuration file {} cannot be read: {reason}", .path.display())]
	Unreadable {
		/// Which file.
		path: PathBuf,
		/// What the system says.
		reason: std::io::Error,
	},
	/// A key is unknown or its value has the wrong form.
	#[error("configuration: {0}")]
	Invalid(Box<figment::Error>),
	/// A value is needed and nowhere given.
	#[error(
		"{flag} is needed: as --{flag}, as {variable} or as `{flag}` in the file given by --config"
	)]
	Missing {
		/// The key.
		flag: &'static str,
		/// The environment variable.
		variable: String,
	},
}

/// Merges `file`, the environment variables that begin with `prefix`, and `flags`.
///
/// `T` should be flat, all optional, written in kebab-case and closed to unknown fields; `flags` must
/// leave out what was not given. Variables named in `reserved` are for others, such as the one that
/// names the file.
pub fn load<T: DeserializeOwned>(
	file: Option<&Path>,
	prefix: &str,
	reserved: &[&str],
	flags: &impl Serialize,
) -> Result<T, ConfigurationError> {
	let mut figment = Figment::new();
	if let Some(path) = file {
		std::fs::metadata(path)
			.map_err(|reason| ConfigurationError::Unreadable { path: path.to_owned(), reason })?;
		figment = figment.merge(Toml::file_exact(path));
	}
	figment
		.merge(
			Env::prefixed(prefix).ignore(reserved).map(|key| key.as_str().replace('_', "-").into()),
		)
		.merge(Serialized::defaults(flags))
		.extract()
		.map_err(|error| ConfigurationError::Invalid(Box::new(error)))
}

/// The value of a key that must be given.
pub fn required<T>(
	value: Option<T>,
	flag: &'static str,
	prefix: &str,
) -> Result<T, ConfigurationError> {
	value.ok_or_else(|| ConfigurationError::Missing {
		flag,
		variable: format!("{prefix}{}", flag.replace('-', "_").to_uppercase()),
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde::Deserialize;

	#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
	#[serde(rename_all = "kebab-case", deny_unknown_fields)]
	struct Options {
		#[serde(skip_serializing_if = "Option::is_none")]
		node_url: Option<String>,
		#[serde(skip_serializing_if = "Option::is_none")]
		limit: Option<u32>,
	}

	fn file(content: &str) -> tempfile::NamedTempFile {
		let file = tempfile::NamedTempFile::new().unwrap();
		std::fs::write(file.path(), content).unwrap();
		file
	}

	#[test]
	fn flags_win_over_the_file() {
		let file = file("node-url = \"ws://a\"\nlimit = 1\n");
		let flags = Options { limit: Some(2), ..Options::default() };
		let options: Options = load(Some(file.path()), "MSEC_TEST_NONE_", &[], &flags).unwrap();
		assert_eq!(options, Options { node_url: Some("ws://a".into()), limit: Some(2) });
	}

	#[test]
	fn the_environment_stands_between() {
		// Only this test reads these variables.
		std::env::set_var("MSEC_TEST_LAYER_NODE_URL", "ws://b");
		std::env::set_var("MSEC_TEST_LAYER_CONFIG", "elsewhere.toml");
		let file = file("node-url = \"ws://a\"\nlimit = 1\n");
		let options: Options =
			load(Some(file.path()), "MSEC_TEST_LAYER_", &["config"], &Options::default()).unwrap();
		assert_eq!(options, Options { node_url: Some("ws://b".into()), limit: Some(1) });
	}

	#[test]
	fn an_unknown_key_is_named_with_its_file() {
		let file = file("nodeurl = \"ws://a\"\n");
		let error = load::<Options>(Some(file.path()), "MSEC_TEST_NONE_", &[], &Options::default())
			.unwrap_err()
			.to_string();
		assert!(error.contains("nodeurl"), "{error}");
		assert!(error.contains(&*file.path().file_name().unwrap().to_string_lossy()), "{error}");
	}

	#[test]
	fn a_missing_file_and_a_missing_value_are_named() {
		let error =
			load::<Options>(Some(Path::new("/nowhere.toml")), "X_", &[], &Options::default())
				.unwrap_err();
		assert!(error.to_string().contains("/nowhere.toml"));
		let error = required::<u8>(None, "node-url", "MSEC_STORE_").unwrap_err().to_string();
		assert!(error.contains("MSEC_STORE_NODE_URL"), "{error}");
	}
}
