-- operational: one-time links into the desk, and the sessions that they open. Both are kept as hashes only.
create table desk_links (
  hash blob not null primary key,
  workspace blob not null,
  person blob not null,
  expires_at integer not null
) without rowid;
create index desk_links_expiring on desk_links (expires_at);

create table desk_sessions (
  hash blob not null primary key,
  workspace blob not null,
  person blob not null,
  expires_at integer not null
) without rowid;
create index desk_sessions_expiring on desk_sessions (expires_at);
create index desk_sessions_by_person on desk_sessions (workspace, person);

-- ledgered projection: who answered on which case, and when last, so that a person finds their own work again.
create table answered (
  workspace blob not null,
  person blob not null,
  case_id blob not null,
  answered_at integer not null,
  primary key (workspace, person, case_id)
) without rowid;
create index answered_lately on answered (workspace, person, answered_at);
