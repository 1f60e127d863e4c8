//! Tests by topic, each followed by `do_try_state`.

mod campaign;
mod contribution;
mod property;
mod views;
