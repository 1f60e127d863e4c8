//! How well a detector and its masks do on labelled images.
//!
//! Four questions, each with a measure of its own: does it find the objects ([`matching`], recall by
//! [`size`]), does it hide them (coverage), does it hide what is none (false alarms), and does a
//! detector still find them afterwards (re-detection)?

pub mod boxes;
pub mod matching;
mod plot;
mod report;
mod run;
pub mod size;
mod tally;

pub use plot::plot;
pub use report::{ClassReport, CurvePoint, Report, Share, SizeReport, Timing};
pub use run::{evaluate, EvaluationError, Plan};
pub use tally::{Observation, Tally};
