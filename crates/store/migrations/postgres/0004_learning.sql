-- sealed: versions of track records. Primary data, referenced by digest from the ledger; parts that did not change are shared.
create table track_parts (
  workspace uuid not null,
  digest bytea not null,
  bytes bytea not null,
  primary key (workspace, digest)
);
create table track_records (
  workspace uuid not null,
  playbook uuid not null,
  number bigint not null,
  digest bytea not null,
  made_at bigint not null,
  parts text not null,
  primary key (workspace, playbook, number)
);
-- operational: which node learns.
create table learners (
  workspace uuid not null primary key,
  holder uuid not null,
  until bigint not null
);
