//! One program for all tests of what the crate offers, because linking each takes longer than running it. A file
//! that is not named here is not run.

mod accounting;
mod common;
mod defects;
mod http;
mod readers;
mod rotation;
