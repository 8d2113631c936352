-- What is for one person. A case that is one person's has `person:` and their id for its role.
create index cases_of_one on cases (workspace, role, priority_at, case_id) where role like 'person:%';

-- ledgered projection, rebuilt from events: whose attention a remark asks for, and to whom somebody else gave a case.
create table mentions (
  workspace blob not null,
  person blob not null,
  event blob not null,
  case_id blob not null,
  by_person blob not null,
  mentioned_at integer not null,
  assigned boolean not null,
  primary key (workspace, person, event)
) without rowid;
create index mentions_lately on mentions (workspace, person, mentioned_at, event);

-- operational: until when a person has looked at what is for them.
create table mentions_seen (
  workspace blob not null,
  person blob not null,
  seen_until integer not null,
  primary key (workspace, person)
) without rowid;

-- operational: what a person was told by letter, and whether they want to be.
create table letters (
  workspace blob not null,
  person blob not null,
  wanted boolean not null,
  told_until integer not null,
  told_notices integer not null,
  attempts integer not null,
  next_at integer not null,
  outcome text not null,
  primary key (workspace, person)
) without rowid;
