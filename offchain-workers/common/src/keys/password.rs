//! Where passwords come from.

use super::KeyError;
use std::{io::IsTerminal, path::PathBuf};
use zeroize::Zeroizing;

/// Where the password of an encrypted key comes from. Never the command line itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PasswordSource {
	/// The first line of a file.
	File(PathBuf),
	/// An environment variable.
	Environment(String),
	/// Whoever sits at the terminal.
	#[default]
	Prompt,
}

impl PasswordSource {
	/// Reads the password; `prompt` is what a person is asked.
	pub fn read(&self, prompt: &str) -> Result<Zeroizing<String>, KeyError> {
		match self {
			Self::File(path) => {
				let path = super::resolve(path);
				let text = super::read_secret(&path)?;
				let line = std::str::from_utf8(&text)
					.ok()
					.and_then(|text| text.lines().next())
					.ok_or_else(|| KeyError::NoPassword(format!("{} is empty", path.display())))?;
				Ok(Zeroizing::new(line.to_owned()))
			},
			Self::Environment(name) => std::env::var(name)
				.map(Zeroizing::new)
				.map_err(|_| KeyError::NoPassword(format!("the variable {name} is not set"))),
			Self::Prompt if std::io::stdin().is_terminal() => {
				rpassword::prompt_password(format!("{prompt}: "))
					.map(Zeroizing::new)
					.map_err(|error| KeyError::NoPassword(error.to_string()))
			},
			Self::Prompt => Err(KeyError::NoPassword(
				"there is no terminal to ask at; name a password file".into(),
			)),
		}
	}
}
