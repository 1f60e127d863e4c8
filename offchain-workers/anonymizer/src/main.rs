//! `msec-anonymize`: hides faces, licence plates, persons and vehicles.

fn main() {}
