//! Waiting for conditions, never for time alone.

use std::time::{Duration, Instant};

/// Between two looks at a condition.
const INTERVAL: Duration = Duration::from_millis(100);
/// Longest time for something that takes a few blocks, on a machine that has much else to do.
pub const A_FEW_BLOCKS: Duration = Duration::from_secs(180);

/// Looks at `condition` until it yields something, and panics after `deadline`, naming `what`.
pub async fn until<T>(
	what: &str,
	deadline: Duration,
	mut condition: impl AsyncFnMut() -> Option<T>,
) -> T {
	let start = Instant::now();
	loop {
		if let Some(found) = condition().await {
			return found;
		}
		assert!(start.elapsed() < deadline, "not within {} s: {what}", deadline.as_secs());
		tokio::time::sleep(INTERVAL).await;
	}
}
