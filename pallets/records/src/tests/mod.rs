mod append;
mod dataset_info;
mod datasets;
mod encryption_keys;
mod erase;
mod stores;
mod try_state;
