-- ledgered: the facts. `bytes` are never rewritten; the other columns only find them and are held against them by `verify`.
create table events (
  workspace uuid not null,
  position bigint not null,
  stream uuid not null,
  stream_version bigint not null,
  id uuid not null,
  type text not null,
  recorded_at bigint not null,
  leaf bytea not null,
  bytes bytea not null,
  primary key (workspace, position),
  unique (workspace, stream, stream_version)
);

-- operational: one row a workspace. Advancing `size` is the last statement of every write; `control_epoch` moves when somebody
-- presses stop, changes people or publishes a playbook, so that nobody decides on an outdated view of these.
create table log_heads (
  workspace uuid not null primary key,
  size bigint not null,
  control_epoch bigint not null
);

-- ledgered: derived from the leaves, kept so that tiles are served and proofs made without hashing everything again. A restore
-- opens a new log; `log` counts them from 0.
create table tiles (
  workspace uuid not null,
  log bigint not null,
  level bigint not null,
  tile_index bigint not null,
  hashes bytea not null,
  primary key (workspace, log, level, tile_index)
);
create table checkpoints (
  workspace uuid not null,
  log bigint not null,
  size bigint not null,
  note text not null,
  primary key (workspace, log, size)
);

-- ledgered projection, rebuilt from events. `available` and, while a case is leased out, `wake_at` are operational.
create table cases (
  workspace uuid not null,
  case_id uuid not null,
  version bigint not null,
  playbook uuid not null,
  playbook_version bigint not null,
  status text not null,
  route text not null,
  role text not null,
  seats_free bigint not null,
  opened_at bigint not null,
  priority_at bigint not null,
  answer text,
  decided_at bigint,
  available boolean not null,
  wake_at bigint,
  primary key (workspace, case_id)
);
create index cases_queue on cases (workspace, playbook, priority_at, case_id) where available;
create index cases_waking on cases (workspace, wake_at) where wake_at is not null;
create index cases_listed on cases (workspace, playbook, status, case_id);

-- ledgered projection: who may not (any longer) answer on a case.
create table case_exclusions (
  workspace uuid not null,
  case_id uuid not null,
  person uuid not null,
  primary key (workspace, case_id, person)
);

-- ledgered projection: decisions as they stand.
create table decisions (
  workspace uuid not null,
  decision uuid not null,
  position bigint not null,
  case_id uuid not null,
  playbook uuid not null,
  playbook_version bigint not null,
  answer text not null,
  basis text not null,
  status text not null,
  decided_at bigint not null,
  act_after bigint not null,
  primary key (workspace, decision)
);
create index decisions_listed on decisions (workspace, position);
create index decisions_listed_by_playbook on decisions (workspace, playbook, position);

-- ledgered projection: versions of playbooks.
create table playbooks (
  workspace uuid not null,
  playbook uuid not null,
  version bigint not null,
  name text not null,
  primary key (workspace, playbook, version),
  unique (workspace, name, version)
);

-- sealed: names and addresses of people; erasable.
create table directory (
  workspace uuid not null,
  person uuid not null,
  name text not null,
  mail text,
  primary key (workspace, person),
  unique (workspace, name)
);

-- sealed: a key per data subject, wrapped; destroyed on erasure.
create table subjects (
  workspace uuid not null,
  subject uuid not null,
  token bytea,
  wrapped_key bytea,
  erased_at bigint,
  primary key (workspace, subject),
  unique (workspace, token)
);

-- sealed: values that events hold only a commitment to.
create table vault (
  workspace uuid not null,
  stream uuid not null,
  version bigint not null,
  field text not null,
  subject uuid,
  salt bytea not null,
  sealed bytea not null,
  primary key (workspace, stream, version, field)
);
create index vault_by_subject on vault (workspace, subject) where subject is not null;

-- sealed: keyed tokens of external ids and contents, for duplicates; deleted with the subject.
create table external_ids (
  workspace uuid not null,
  playbook uuid not null,
  token bytea not null,
  content_token bytea not null,
  case_id uuid not null,
  subject uuid,
  primary key (workspace, playbook, token)
);
create index external_ids_by_subject on external_ids (workspace, subject) where subject is not null;

-- sealed: files that fields point to, by the SHA-256 of their bytes.
create table attachments (
  workspace uuid not null,
  digest bytea not null,
  subject uuid,
  media_type text not null,
  sealed bytea not null,
  added_at bigint not null,
  primary key (workspace, digest)
);
create index attachments_by_subject on attachments (workspace, subject) where subject is not null;

-- operational: who is on which case until when.
create table leases (
  workspace uuid not null,
  case_id uuid not null,
  person uuid not null,
  until bigint not null,
  primary key (workspace, case_id, person)
);
create index leases_by_person on leases (workspace, person);

-- operational: what was answered to a request that may be sent again.
create table idempotency (
  workspace uuid not null,
  principal text not null,
  route text not null,
  idem_key text not null,
  request bytea not null,
  response text not null,
  expires_at bigint not null,
  primary key (workspace, principal, route, idem_key)
);
create index idempotency_expiring on idempotency (expires_at);

-- operational: hashed keys; that one was added or revoked is an event.
create table api_keys (
  key_id text not null primary key,
  workspace uuid not null,
  hash bytea not null,
  name text not null,
  scopes text not null,
  person uuid,
  expires_at bigint,
  revoked_at bigint
);

-- operational: which node integrates a workspace's log; `fence` rises with every change of hands.
create table integrators (
  workspace uuid not null primary key,
  holder uuid not null,
  fence bigint not null,
  until bigint not null
);
