//! One program for all tests of what the crate offers, because linking each takes longer than running it.

mod detection;
mod images;
mod service;
mod video;
