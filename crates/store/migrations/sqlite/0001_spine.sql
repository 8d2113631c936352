-- The same tables as for PostgreSQL; only the words for types differ, and small rows that are read by their key lie in the key's tree.
-- ledgered: the facts. `bytes` are never rewritten; the other columns only find them and are held against them by `verify`.
create table events (
  workspace blob not null,
  position integer not null,
  stream blob not null,
  stream_version integer not null,
  id blob not null,
  type text not null,
  recorded_at integer not null,
  leaf blob not null,
  bytes blob not null,
  primary key (workspace, position),
  unique (workspace, stream, stream_version)
);

-- operational: one row a workspace. Advancing `size` is the last statement of every write; `control_epoch` moves when somebody
-- presses stop, changes people or publishes a playbook, so that nobody decides on an outdated view of these.
create table log_heads (
  workspace blob not null primary key,
  size integer not null,
  control_epoch integer not null
);

-- ledgered: derived from the leaves, kept so that tiles are served and proofs made without hashing everything again. A restore
-- opens a new log; `log` counts them from 0.
create table tiles (
  workspace blob not null,
  log integer not null,
  level integer not null,
  tile_index integer not null,
  hashes blob not null,
  primary key (workspace, log, level, tile_index)
) without rowid;
create table checkpoints (
  workspace blob not null,
  log integer not null,
  size integer not null,
  note text not null,
  primary key (workspace, log, size)
);

-- ledgered projection, rebuilt from events. `available` and, while a case is leased out, `wake_at` are operational.
create table cases (
  workspace blob not null,
  case_id blob not null,
  version integer not null,
  playbook blob not null,
  playbook_version integer not null,
  status text not null,
  route text not null,
  role text not null,
  seats_free integer not null,
  opened_at integer not null,
  priority_at integer not null,
  answer text,
  decided_at integer,
  available boolean not null,
  wake_at integer,
  primary key (workspace, case_id)
) without rowid;
create index cases_queue on cases (workspace, playbook, priority_at, case_id) where available;
create index cases_waking on cases (workspace, wake_at) where wake_at is not null;
create index cases_listed on cases (workspace, playbook, status, case_id);

-- ledgered projection: who may not (any longer) answer on a case.
create table case_exclusions (
  workspace blob not null,
  case_id blob not null,
  person blob not null,
  primary key (workspace, case_id, person)
) without rowid;

-- ledgered projection: decisions as they stand.
create table decisions (
  workspace blob not null,
  decision blob not null,
  position integer not null,
  case_id blob not null,
  playbook blob not null,
  playbook_version integer not null,
  answer text not null,
  basis text not null,
  status text not null,
  decided_at integer not null,
  act_after integer not null,
  primary key (workspace, decision)
) without rowid;
create index decisions_listed on decisions (workspace, position);
create index decisions_listed_by_playbook on decisions (workspace, playbook, position);

-- ledgered projection: versions of playbooks.
create table playbooks (
  workspace blob not null,
  playbook blob not null,
  version integer not null,
  name text not null,
  primary key (workspace, playbook, version),
  unique (workspace, name, version)
);

-- sealed: names and addresses of people; erasable.
create table directory (
  workspace blob not null,
  person blob not null,
  name text not null,
  mail text,
  primary key (workspace, person),
  unique (workspace, name)
);

-- sealed: a key per data subject, wrapped; destroyed on erasure.
create table subjects (
  workspace blob not null,
  subject blob not null,
  token blob,
  wrapped_key blob,
  erased_at integer,
  primary key (workspace, subject),
  unique (workspace, token)
);

-- sealed: values that events hold only a commitment to.
create table vault (
  workspace blob not null,
  stream blob not null,
  version integer not null,
  field text not null,
  subject blob,
  salt blob not null,
  sealed blob not null,
  primary key (workspace, stream, version, field)
);
create index vault_by_subject on vault (workspace, subject) where subject is not null;

-- sealed: keyed tokens of external ids and contents, for duplicates; deleted with the subject.
create table external_ids (
  workspace blob not null,
  playbook blob not null,
  token blob not null,
  content_token blob not null,
  case_id blob not null,
  subject blob,
  primary key (workspace, playbook, token)
) without rowid;
create index external_ids_by_subject on external_ids (workspace, subject) where subject is not null;

-- sealed: files that fields point to, by the SHA-256 of their bytes.
create table attachments (
  workspace blob not null,
  digest blob not null,
  subject blob,
  media_type text not null,
  sealed blob not null,
  added_at integer not null,
  primary key (workspace, digest)
);
create index attachments_by_subject on attachments (workspace, subject) where subject is not null;

-- operational: who is on which case until when.
create table leases (
  workspace blob not null,
  case_id blob not null,
  person blob not null,
  until integer not null,
  primary key (workspace, case_id, person)
) without rowid;
create index leases_by_person on leases (workspace, person);

-- operational: what was answered to a request that may be sent again.
create table idempotency (
  workspace blob not null,
  principal text not null,
  route text not null,
  idem_key text not null,
  request blob not null,
  response text not null,
  expires_at integer not null,
  primary key (workspace, principal, route, idem_key)
);
create index idempotency_expiring on idempotency (expires_at);

-- operational: hashed keys; that one was added or revoked is an event.
create table api_keys (
  key_id text not null primary key,
  workspace blob not null,
  hash blob not null,
  name text not null,
  scopes text not null,
  person blob,
  expires_at integer,
  revoked_at integer
);

-- operational: which node integrates a workspace's log; `fence` rises with every change of hands.
create table integrators (
  workspace blob not null primary key,
  holder blob not null,
  fence integer not null,
  until integer not null
);
