//! What a chain of one validator takes through.
//!
//! Every transaction is made before the clock starts. What counts is the event of its success in a
//! finalized block.

pub mod accounts;
pub mod blocks;
pub mod chains;
pub mod listings;
pub mod load;
pub mod rows;
pub mod watch;

/// Says on the terminal what is measured next.
pub fn say(text: &str) {
	eprintln!("\x1b[1m==> {text}\x1b[0m");
}
