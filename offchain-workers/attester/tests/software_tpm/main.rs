//! The attester with a TPM: Debian's swtpm, manufactured for each test with certificates of its own
//! authority. `scripts/setup.sh --tests` installs what is needed.

mod agent;
mod batch_keys;
mod certificates;
mod keys;
mod quotes;
mod registrar;
mod swtpm;
mod tools;
