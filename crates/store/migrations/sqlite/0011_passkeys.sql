-- operational: passkeys by which people sign in. That one was added or removed, with its public key, is an event.
create table passkeys (
  credential blob not null primary key,
  workspace blob not null,
  person blob not null,
  credential_id blob not null,
  public_key blob not null,
  rp_id text not null,
  counter integer not null,
  name text not null,
  added_at integer not null,
  used_at integer
) without rowid;
create index passkeys_by_person on passkeys (workspace, person);

-- operational: what an authenticator is asked to sign; taken away by the first answer.
create table passkey_challenges (
  challenge blob not null primary key,
  purpose text not null,
  session blob,
  expires_at integer not null
) without rowid;
create index passkey_challenges_expiring on passkey_challenges (expires_at);

-- operational, as the sessions are: since when, when last used, by which passkey it was opened (null: by a link), and when somebody
-- last proved by a passkey that it is them. Null in sessions from before.
alter table desk_sessions add column opened_at integer;
alter table desk_sessions add column seen_at integer;
alter table desk_sessions add column passkey blob;
alter table desk_sessions add column verified_at integer;
