//! A device makes a picture anonymous and records it; whoever has the picture finds out whether it is
//! exactly as the device left it.

use msec_commitments::sha256;
use msec_end_to_end::{
	market::{address, key, member, Market},
	msec::{write_private, Msec},
	process::built,
};
use msec_worker_common::provenance::{Record, Statement};
use serde_json::{json, Value};
use std::path::{Path, PathBuf};

const CAMERA: &str = "//Camera";

#[tokio::test]
async fn a_picture_is_verified_by_its_record_on_chain() {
	let market = Market::open().await;
	let (owner, buyer) = (&market.owner, &market.buyer);
	owner.text(&["key", "create", "main"]).await;
	owner.text(&["key", "publish", "main"]).await;
	owner.text(&market.dataset_arguments("pictures")).await;
	owner.text(&["grant", "pictures", &address(CAMERA).to_string(), "--actions", "write"]).await;

	let picture = anonymize(&market).await;
	let recorded = records_of(&market.sandbox.path().join("provenance"));
	let foreign = market.sandbox.file("foreign.png", "a picture of somebody else's device");
	let forged = market.sandbox.file("forged.png", "a picture with a record that was altered");
	let others = [record("//Ferdie", &foreign), altered(record(CAMERA, &forged))];
	let others = market.sandbox.file("others.jsonl", others.map(|line| line + "\n").concat());
	let files = [&recorded, &others].map(|path| path.to_string_lossy().into_owned());
	let publish = ["publish", "pictures", &files[0], &files[1]];
	owner.text(&publish).await;
	let again = owner.json(&publish).await;
	for file in again["files"].as_array().expect("every file has an answer") {
		assert_eq!(file["already_published"], json!(true));
	}

	let listing = market.list("pictures", &["--free"]).await;
	let order = member(&buyer.json(&["buy", &listing, "--wait"]).await, "order");
	let from_order = ["--order", order.as_str()];
	check_verified(buyer, &picture, &from_order, true).await;

	let mut altered_picture = std::fs::read(&picture).expect("the picture was made");
	*altered_picture.last_mut().expect("a picture has bytes") ^= 1;
	let altered_picture = market.sandbox.file("altered.png", altered_picture);
	check_refused(buyer, &altered_picture, &from_order, "not-found").await;
	check_refused(buyer, &forged, &from_order, "forged-record").await;
	check_refused(buyer, &foreign, &from_order, "device-not-entitled").await;

	let fetched = market.sandbox.path().join("records.csv").to_string_lossy().into_owned();
	buyer.text(&["fetch", &order, "-o", &fetched]).await;
	let dataset = market.order(&order).await.dataset;
	let dataset = format!("0x{}", hex::encode(dataset.0));
	let from_file = ["--records", fetched.as_str(), "--dataset", dataset.as_str()];
	check_verified(buyer, &picture, &from_file, false).await;
	check_refused(buyer, &forged, &from_file, "forged-record").await;

	owner.text(&["revoke", "pictures", &address(CAMERA).to_string()]).await;
	check_refused(buyer, &picture, &from_order, "device-not-entitled").await;
}

/// Runs the anonymizer on a picture, as a camera would; gives what it made.
async fn anonymize(market: &Market) -> PathBuf {
	let originals = market.sandbox.folder("originals");
	image::RgbImage::from_fn(160, 120, |x, y| image::Rgb([x as u8, y as u8, 128]))
		.save(originals.join("street.png"))
		.expect("the temporary folder can be written to");
	let device_key = market.sandbox.path().join("camera.key");
	write_private(&device_key, CAMERA);
	let outputs = market.sandbox.folder("outputs");
	let mut command = built("msec-anonymize");
	command
		.arg("images")
		.args([&originals, &outputs])
		.arg("--provenance")
		.arg(market.sandbox.path().join("provenance"))
		.arg("--device-key")
		.arg(&device_key);
	let output = tokio::process::Command::from(command).output().await.expect("it can be started");
	let error = String::from_utf8_lossy(&output.stderr);
	assert!(output.status.success(), "msec-anonymize: {error}");
	outputs.join("street.png")
}

/// The one finished file of records in a folder.
fn records_of(folder: &Path) -> PathBuf {
	let entries = std::fs::read_dir(folder).expect("the anonymizer made the folder");
	let paths = entries.map(|entry| entry.expect("the folder can be read").path());
	let finished: Vec<_> = paths
		.filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
		.collect();
	assert_eq!(finished.len(), 1, "{finished:?}");
	finished[0].clone()
}

/// A record of `picture`, signed with the key of that secret URI, as a line of JSON.
fn record(device: &str, picture: &Path) -> String {
	let picture = std::fs::read(picture).expect("the picture is there");
	let statement = Statement {
		time: 1_790_000_000,
		original_hmac: [1; 32],
		output_sha256: sha256(&[&picture]),
		models_sha256: [2; 32],
		settings_sha256: [3; 32],
		method: "solid".into(),
	};
	let record: Record = statement.sign(&key(device));
	serde_json::to_string(&record).expect("a record has text keys only; qed")
}

fn altered(record: String) -> String {
	record.replace("solid", "blur")
}

async fn check_verified(buyer: &Msec, picture: &Path, records: &[&str], compared: bool) {
	let verdict = verify(buyer, picture, records).await;
	assert_eq!(verdict["verdict"], json!("verified"), "{verdict}");
	assert_eq!(verdict["compared_with_chain"], json!(compared));
	assert_eq!(verdict["records"], json!(3));
	assert_eq!(verdict["record"]["device"], json!(address(CAMERA).to_string()));
	assert_eq!(verdict["record"]["output_sha256"], verdict["sha256"]);
}

async fn check_refused(buyer: &Msec, picture: &Path, records: &[&str], why: &str) {
	let verdict = verify(buyer, picture, records).await;
	assert_eq!(verdict["verdict"], json!(why), "{verdict}");
	assert!(!member(&verdict, "reason").is_empty());
}

/// The verdict, which the exit code must agree with.
async fn verify(buyer: &Msec, picture: &Path, records: &[&str]) -> Value {
	let picture = picture.to_string_lossy();
	let outcome = buyer.attempt(&[&["verify-image", &picture], records].concat()).await;
	let verdict: Value = serde_json::from_str(&outcome.output)
		.unwrap_or_else(|error| panic!("no JSON: {error}\n{}", outcome.error));
	let expected = i32::from(verdict["verdict"] != json!("verified"));
	assert_eq!(outcome.status.code(), Some(expected), "{verdict}");
	verdict
}
