//! The lines of the table that the benchmark makes.

use msec_end_to_end::throughput::{blocks::Census, watch::Run};
use serde_json::{json, Value};
use std::time::Duration;

/// Our transfers must be so many times the template's.
const TRANSFERS_TARGET: f64 = 4.0;
/// Purchases must be this part of our own transfers …
const PURCHASES_TARGET: f64 = 0.5;
/// … and more than this in a second.
const PURCHASES_PER_SECOND: f64 = 500.0;
/// Finality must come within this time for 95 of 100 transactions.
const FINALITY_TARGET: Duration = Duration::from_secs(8);

/// Our transfers beside the template's.
pub fn transfers(ours: &Census, template: &Census) -> Value {
	let (value, baseline) = (ours.per_second(), template.per_second());
	let ratio = value / baseline;
	json!({
		"name": "transfers", "value": value, "unit": "1/s",
		"baseline": "solochain template", "baseline_value": baseline, "ratio": ratio,
		"target": "≥ 4 × template", "holds": ratio >= TRANSFERS_TARGET,
		"note": format!("{} — template: {}", ours.summary(), template.summary()),
	})
}

/// Purchases beside our own transfers.
pub fn purchases(purchases: &Census, transfers: &Census) -> Value {
	let (value, baseline) = (purchases.per_second(), transfers.per_second());
	let ratio = value / baseline;
	json!({
		"name": "purchases", "value": value, "unit": "1/s",
		"baseline": "own transfers", "baseline_value": baseline, "ratio": ratio,
		"target": "≥ 0.5 × transfers, > 500/s",
		"holds": ratio >= PURCHASES_TARGET && value > PURCHASES_PER_SECOND,
		"note": purchases.summary(),
	})
}

/// The time from sending to finality of a load of `rate` transactions a second.
pub fn finality(what: &str, rate: f64, run: &Run, census: &Census) -> Value {
	let value = run.to_finality_percentile(95);
	json!({
		"name": format!("{what}: finality p95 at 80 % load"),
		"value": value.as_secs_f64(), "unit": "s",
		"baseline": null, "baseline_value": null, "ratio": null,
		"target": "< 8 s", "holds": value < FINALITY_TARGET,
		"note": format!(
			"p50 {:.1} s; {rate:.0}/s sent; {}",
			run.to_finality_percentile(50).as_secs_f64(),
			census.summary(),
		),
	})
}

/// What an item takes in the state, and how much of it its deposit pays for.
pub fn state(what: &str, bytes: f64, paid: f64, note: &str) -> Value {
	json!({
		"name": format!("state of {what}"), "value": bytes, "unit": "byte",
		"baseline": "paid by the deposit", "baseline_value": paid, "ratio": bytes / paid,
		"target": "≤ what the deposit pays for", "holds": bytes <= paid, "note": note,
	})
}
