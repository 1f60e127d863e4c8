//! Tests by topic, each followed by `do_try_state`.

mod adversary;
mod demand;
mod matching;
mod property;
mod request;
mod views;
