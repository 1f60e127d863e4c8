//! Hides faces, licence plates, persons and vehicles in images and video.
//!
//! A frame goes through three steps: [`detection`] finds boxes, [`removal::Mask`] grows them into what
//! must vanish, [`removal`] paints over it. [`anonymizer`] joins the three for one frame. Nothing under
//! a mask influences what is painted, and whatever cannot be processed is never passed on.

#![forbid(unsafe_code)]

pub mod anonymizer;
pub mod detection;
pub mod evaluation;
pub mod geometry;
pub mod job;
pub mod picture;
pub mod provenance;
pub mod removal;
pub mod review;
pub mod service;
pub mod settings;
pub mod tracking;
pub mod video;
pub mod watch;

pub use anonymizer::{Anonymizer, Outcome};
pub use settings::Settings;
