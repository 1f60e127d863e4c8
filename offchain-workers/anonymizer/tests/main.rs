//! One program for all tests of what the crate offers, because linking each takes longer than running it. A file
//! that is not named here is not run.

mod detection;
mod images;
mod service;
mod video;
