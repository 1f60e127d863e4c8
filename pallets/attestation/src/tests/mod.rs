//! Tests by topic, each followed by `do_try_state`.

mod appraisal;
mod assignment;
mod batch_key;
mod batches;
mod budget;
mod challenge;
mod device;
mod profile;
mod property;
mod quarantine;
mod quote;
mod registrar;
mod trust;
mod try_state;
