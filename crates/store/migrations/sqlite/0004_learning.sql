-- sealed: versions of track records. Primary data, referenced by digest from the ledger; parts that did not change are shared.
create table track_parts (
  workspace blob not null,
  digest blob not null,
  bytes blob not null,
  primary key (workspace, digest)
);
create table track_records (
  workspace blob not null,
  playbook blob not null,
  number integer not null,
  digest blob not null,
  made_at integer not null,
  parts text not null,
  primary key (workspace, playbook, number)
);
-- operational: which node learns.
create table learners (
  workspace blob not null primary key,
  holder blob not null,
  until integer not null
);
