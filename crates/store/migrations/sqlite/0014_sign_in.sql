-- operational: which account of which provider (OpenID Connect) speaks for whom, by SHA-256 over the issuer and the subject.
create table sign_in_identities (
  identity blob not null primary key,
  workspace blob not null,
  person blob not null,
  provider text not null,
  issuer blob not null,
  linked_at integer not null,
  used_at integer
) without rowid;
create index sign_in_identities_by_person on sign_in_identities (workspace, person);

-- operational: who went to a provider and has not come back; taken away by the first answer. Hashes only: what opens something is with
-- the browser.
create table sign_in_states (
  state blob not null primary key,
  browser blob not null,
  provider text not null,
  purpose text not null,
  session blob,
  began_at integer not null,
  expires_at integer not null
) without rowid;
create index sign_in_states_expiring on sign_in_states (expires_at);

-- operational: passwords, where an operator allows them, as argon2id.
create table sign_in_passwords (
  workspace blob not null,
  person blob not null,
  hash text not null,
  set_at integer not null,
  primary key (workspace, person)
) without rowid;

-- operational: what opened a session where it was neither a link nor a passkey: 'password', or 'provider:' and its name.
alter table desk_sessions add column way text;

-- operational: when a key was used last, to the minute.
alter table api_keys add column used_at integer;
