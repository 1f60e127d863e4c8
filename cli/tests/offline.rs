//! What the command does without a chain.

use age::secrecy::ExposeSecret;
use serde_json::Value;
use std::{
	fs,
	os::unix::fs::PermissionsExt,
	path::{Path, PathBuf},
	process::{Command, Output, Stdio},
};

struct Person {
	directory: tempfile::TempDir,
}

impl Person {
	fn new() -> Self {
		let person = Self { directory: tempfile::tempdir().unwrap() };
		person.write("password", "a long password\n");
		fs::set_permissions(person.path("password"), fs::Permissions::from_mode(0o600)).unwrap();
		person
	}

	fn path(&self, name: &str) -> PathBuf {
		self.directory.path().join(name)
	}

	fn write(&self, name: &str, text: &str) -> PathBuf {
		fs::write(self.path(name), text).unwrap();
		self.path(name)
	}

	fn msec(&self, arguments: &[&str]) -> Output {
		Command::new(env!("CARGO_BIN_EXE_msec"))
			.env_clear()
			.current_dir(self.directory.path())
			.arg("--home")
			.arg(self.path("home"))
			.arg("--password-file")
			.arg(self.path("password"))
			.args(arguments)
			.stdin(Stdio::null())
			.output()
			.unwrap()
	}

	fn json(&self, arguments: &[&str]) -> Value {
		let output = self.msec(&[&["--output", "json"], arguments].concat());
		assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
		serde_json::from_slice(&output.stdout).unwrap()
	}

	fn refused(&self, arguments: &[&str]) -> String {
		let output = self.msec(arguments);
		assert_eq!(output.status.code(), Some(1));
		String::from_utf8(output.stderr).unwrap()
	}
}

fn mode(path: &Path) -> u32 {
	fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn accounts_are_made_exported_and_imported() {
	let person = Person::new();
	let made = person.json(&["account", "create", "owner", "--phrase-file", "phrase"]);
	assert!(made.get("phrase").is_none());
	assert_eq!(mode(&person.path("phrase")), 0o600);
	assert_eq!(mode(&person.path("home/accounts/owner.json")), 0o600);
	assert_eq!(mode(&person.path("home")), 0o700);

	let again = person.json(&["account", "import", "copy", "--file", "phrase"]);
	assert_eq!(again["address"], made["address"]);
	let exported = person.json(&["account", "export", "owner"]);
	assert_eq!(exported["encoding"]["type"][0], "scrypt");
	person.write("wallet.json", &exported.to_string());
	let imported = person.json(&["account", "import", "wallet", "--file", "wallet.json"]);
	assert_eq!(imported["address"], made["address"]);

	person.json(&["account", "default", "copy"]);
	let list = person.json(&["account", "list"]);
	let names: Vec<_> = list.as_array().unwrap().iter().map(|entry| &entry["name"]).collect();
	assert_eq!(names, ["copy", "owner", "wallet"]);
	assert_eq!(list[0]["default"], true);
	let complaint = person.refused(&["account", "create", "owner"]);
	assert!(complaint.contains("exists already"), "{complaint}");
}

#[test]
fn development_accounts_need_a_word() {
	let person = Person::new();
	let complaint = person.refused(&["--account", "//Alice", "balance"]);
	assert!(complaint.contains("--dev"), "{complaint}");
}

#[test]
fn keys_survive_a_backup() {
	let person = Person::new();
	let made = person.json(&["key", "create", "main"]);
	assert_eq!(person.json(&["key", "backup", "all.age"])["secrets"], 1);
	assert_eq!(mode(&person.path("all.age")), 0o600);
	let text = fs::read(person.path("all.age")).unwrap();
	assert!(text.starts_with(b"age-encryption.org/v1"));
	fs::remove_file(person.path("home/keys/main.json")).unwrap();
	assert_eq!(person.json(&["key", "restore", "all.age"])["restored"], 1);
	assert_eq!(person.json(&["key", "list"])[0]["public_key"], made["public_key"]);
}

#[test]
fn a_recovery_phrase_brings_everything_back_into_another_home() {
	let person = Person::new();
	let account = person.json(&["account", "create", "owner", "--phrase-file", "words"]);
	let key = person.json(&["key", "create", "main"]);
	let backup = ["key", "backup", "all.age", "--phrase-file", "phrase"];
	let output = person.msec(&backup);
	assert!(output.status.success());
	for (file, secrets) in [("phrase", false), ("all.age", true)] {
		assert_eq!(mode(&person.path(file)), 0o600);
		let text = fs::read(person.path(file)).unwrap();
		assert_eq!(text.starts_with(b"age-encryption.org/v1"), secrets);
	}
	let phrase = fs::read_to_string(person.path("phrase")).unwrap();
	assert_eq!(phrase.split(' ').count(), 24);
	let said = [output.stdout, output.stderr].concat();
	let said = String::from_utf8(said).unwrap();
	assert!(!said.contains(&phrase), "the phrase was written down, not shown");
	assert!(person.refused(&backup).contains("exists already"));

	let other = Person::new();
	let password = other.write("password", "another password\n");
	fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
	let file = person.path("all.age");
	let restore = |phrase: &str| {
		let path = other.write("typed", phrase);
		fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
		other.msec(&[
			"--output",
			"json",
			"key",
			"restore",
			file.to_str().unwrap(),
			"--phrase-file",
			"typed",
		])
	};
	let complaint = |output: Output| {
		assert_eq!(output.status.code(), Some(1));
		String::from_utf8(output.stderr).unwrap()
	};
	let shuffled = phrase.split(' ').rev().collect::<Vec<_>>().join(" ");
	let told = complaint(restore(&shuffled));
	assert!(told.contains("fit together") || told.contains("password right"), "{told}");
	let told = complaint(restore(&format!("{phrase} {phrase}")));
	assert!(told.contains("24 words, not 48"), "{told}");
	assert_eq!(other.json(&["key", "list"]).as_array().unwrap().len(), 0);

	let output = restore(&phrase);
	assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
	assert_eq!(other.json(&["account", "list"])[0]["address"], account["address"]);
	assert_eq!(other.json(&["key", "list"])[0]["public_key"], key["public_key"]);
	assert_eq!(mode(&other.path("home/keys/main.json")), 0o600);
	// It opens with the new password: a backup by phrase opens the secrets to take the password along.
	other.json(&["key", "backup", "again.age", "--phrase-file", "phrase"]);
}

#[test]
fn a_backup_for_a_recipient_opens_with_the_identity() {
	let person = Person::new();
	let made = person.json(&["key", "create", "main"]);
	let identity = age::x25519::Identity::generate();
	let recipient = identity.to_public().to_string();
	person.json(&["key", "backup", "all.age", "--recipient", &recipient]);
	fs::remove_file(person.path("home/keys/main.json")).unwrap();
	let complaint = person.refused(&["key", "restore", "all.age"]);
	assert!(complaint.contains("--identity"), "{complaint}");
	let path = person.write("identity", identity.to_string().expose_secret());
	let restore = ["key", "restore", "all.age", "--identity", "identity"];
	assert!(person.refused(&restore).contains("chmod 600"));
	fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
	assert_eq!(person.json(&restore)["restored"], 1);
	assert_eq!(person.json(&["key", "list"])[0]["public_key"], made["public_key"]);
	let faulty = ["key", "backup", "x.age", "--recipient", "age1nobody"];
	assert_eq!(person.msec(&faulty).status.code(), Some(2));
}

#[test]
fn a_truncated_or_altered_backup_is_refused_and_changes_nothing() {
	let person = Person::new();
	person.json(&["key", "create", "main"]);
	person.json(&["key", "backup", "all.age"]);
	fs::remove_file(person.path("home/keys/main.json")).unwrap();
	let whole = fs::read(person.path("all.age")).unwrap();
	let mut altered = whole.clone();
	*altered.last_mut().unwrap() ^= 1;
	for spoilt in [&whole[..0], &whole[..whole.len() - 1], &whole[..100], &altered] {
		fs::write(person.path("spoilt.age"), spoilt).unwrap();
		let complaint = person.refused(&["key", "restore", "spoilt.age"]);
		assert!(complaint.contains("the backup"), "{complaint}");
	}
	assert_eq!(person.json(&["key", "list"]).as_array().unwrap().len(), 0);
	assert_eq!(person.json(&["key", "restore", "all.age"])["restored"], 1);
}

#[test]
fn a_password_that_others_can_read_is_refused() {
	let person = Person::new();
	fs::set_permissions(person.path("password"), fs::Permissions::from_mode(0o644)).unwrap();
	let complaint = person.refused(&["key", "create", "main"]);
	assert!(complaint.contains("chmod 600"), "{complaint}");
}

#[test]
fn a_rehearsal_reports_what_would_be_published() {
	let person = Person::new();
	person.write("readings.csv", "Zeit;Temperatur\n31.01.2024 10:00;21,5\n31.01.2024 11:00;oops\n");
	let mut rows = String::from("Zeit;Temperatur\n");
	for hour in 10..24 {
		rows.push_str(&format!("31.01.2024 {hour}:00;{hour},5\n"));
	}
	rows.push_str("01.02.2024 00:00;oops\n");
	person.write("readings.csv", &rows);
	let arguments =
		["publish", "garden", "readings.csv", "--dry-run", "--timezone", "Europe/Madrid"];
	let result = &person.json(&arguments)["files"][0];
	assert_eq!(result["header"], "time,Temperatur");
	assert_eq!((&result["rows"], &result["rejected"]), (&14.into(), &1.into()));
	let report = fs::read_to_string(person.path("readings.csv.rejected.csv")).unwrap();
	assert!(report.contains("16,"), "{report}");
	assert!(report.contains("is no number"), "{report}");
	assert_eq!(mode(&person.path("readings.csv.rejected.csv")), 0o600);

	let complaint = person.refused(&["publish", "garden", "readings.csv"]);
	assert!(complaint.contains("there is no data set"), "{complaint}");
	let complaint =
		person.refused(&["publish", "x", "readings.csv", "--dry-run", "--timezone", "Mars"]);
	assert!(complaint.contains("no time zone"), "{complaint}");
}

#[test]
fn a_column_is_drawn() {
	let person = Person::new();
	person.write("data.csv", "time,name,t\n2024-01-01T00:00:00Z,a,1.5\n2024-01-01T01:00:00Z,b,3\n");
	let drawn = person.json(&["plot", "data.csv"]);
	assert_eq!((&drawn["column"], &drawn["highest"]), (&"t".into(), &3.0.into()));
	assert!(person.msec(&["plot", "data.csv"]).status.success());
}

#[test]
fn an_image_is_verified_only_against_records_of_a_data_set() {
	let person = Person::new();
	person.write("street.jpg", "not really a picture");
	person.write("records.csv", "time,output_sha256\n");
	person.write("readings.csv", "time,temperature\n");
	let data_set = format!("0x{}", "00".repeat(32));
	for usage in [
		&["verify-image", "street.jpg"][..],
		&["verify-image", "street.jpg", "--dataset", &data_set],
		&["verify-image", "street.jpg", "--records", "records.csv"],
		&["verify-image", "street.jpg", "--records", "records.csv", "--order", &data_set],
	] {
		assert_eq!(person.msec(usage).status.code(), Some(2), "{usage:?}");
	}
	let refused = |image: &str, records: &str| {
		let source = ["--records", records, "--dataset", &data_set];
		let node = ["--node", "ws://127.0.0.1:1"];
		person.refused(&[&node[..], &["verify-image", image], &source].concat())
	};
	assert!(refused("nowhere.jpg", "records.csv").contains("nowhere.jpg"));
	assert!(refused("street.jpg", "nowhere.csv").contains("nowhere.csv"));
	assert!(refused("street.jpg", "readings.csv").contains("no provenance records"));
	let complaint = refused("street.jpg", "records.csv");
	assert!(complaint.contains("is it running?"), "{complaint}");
}

#[test]
fn faulty_usage_and_missing_nodes_have_their_exit_codes() {
	let person = Person::new();
	assert_eq!(person.msec(&["buy"]).status.code(), Some(2));
	assert_eq!(person.msec(&["listing", "show", "0x12"]).status.code(), Some(2));
	assert_eq!(person.msec(&["completion", "bash"]).status.code(), Some(0));
	let complaint = person.refused(&["--node", "ws://127.0.0.1:1", "search"]);
	assert!(complaint.contains("is it running?"), "{complaint}");
}
