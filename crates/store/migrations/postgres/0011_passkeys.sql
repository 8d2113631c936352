-- operational: passkeys by which people sign in. That one was added or removed, with its public key, is an event.
create table passkeys (
  credential bytea not null primary key,
  workspace uuid not null,
  person uuid not null,
  credential_id bytea not null,
  public_key bytea not null,
  rp_id text not null,
  counter bigint not null,
  name text not null,
  added_at bigint not null,
  used_at bigint
);
create index passkeys_by_person on passkeys (workspace, person);

-- operational: what an authenticator is asked to sign; taken away by the first answer.
create table passkey_challenges (
  challenge bytea not null primary key,
  purpose text not null,
  session bytea,
  expires_at bigint not null
);
create index passkey_challenges_expiring on passkey_challenges (expires_at);

-- operational, as the sessions are: since when, when last used, by which passkey it was opened (null: by a link), and when somebody
-- last proved by a passkey that it is them. Null in sessions from before.
alter table desk_sessions add column opened_at bigint;
alter table desk_sessions add column seen_at bigint;
alter table desk_sessions add column passkey bytea;
alter table desk_sessions add column verified_at bigint;
