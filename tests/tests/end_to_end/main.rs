//! The journey, what is refused, and what happens when things break: with the built programs as real
//! processes.

#![forbid(unsafe_code)]

mod accounting;
mod backups;
mod canary;
mod demands;
mod devices;
mod discovery;
mod disputes;
mod documents;
mod faults;
mod javascript;
mod journey;
mod keys;
mod migration;
mod node;
mod provenance;
mod readings;
mod refusals;
mod reliability;
mod reorganization;
mod replicas;
mod retention;
mod rights;
mod sdk;
mod store_faults;
mod subscription;
mod upgrade;
