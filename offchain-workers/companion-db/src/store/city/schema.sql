create schema if not exists companion_db;

create table if not exists companion_db.format (version integer primary key);

-- Data sets of which anything is kept.
create table if not exists companion_db.datasets (
	dataset bytea primary key check (octet_length(dataset) = 32),
	batches bigint not null default 0,
	bytes bigint not null default 0,
	owner bytea check (octet_length(owner) = 32)
);

create index if not exists datasets_owner on companion_db.datasets (owner);

-- The checksum binds a record to its place.
create table if not exists companion_db.batches (
	dataset bytea not null,
	batch bigint not null,
	blob bytea not null check (octet_length(blob) = 16),
	chunks bigint not null,
	root bytea not null check (octet_length(root) = 32),
	bytes bigint not null,
	checksum bytea not null check (octet_length(checksum) = 16),
	primary key (dataset, batch)
);

-- Frames that are not visible: staged, or about to be removed.
create table if not exists companion_db.hidden (blob bytea primary key);

create table if not exists companion_db.wrapped_keys (
	dataset bytea not null,
	recipient bytea not null check (octet_length(recipient) = 32),
	wrapped bytea not null,
	primary key (dataset, recipient)
);
