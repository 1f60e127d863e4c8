//! One program for all tests of what the crate offers, because linking each takes longer than running it.

mod accounting;
mod common;
mod defects;
mod http;
mod readers;
mod rotation;
