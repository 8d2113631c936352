-- What is for one person. A case that is one person's has `person:` and their id for its role.
create index cases_of_one on cases (workspace, role, priority_at, case_id) where role like 'person:%';

-- ledgered projection, rebuilt from events: whose attention a remark asks for, and to whom somebody else gave a case.
create table mentions (
  workspace uuid not null,
  person uuid not null,
  event uuid not null,
  case_id uuid not null,
  by_person uuid not null,
  mentioned_at bigint not null,
  assigned boolean not null,
  primary key (workspace, person, event)
);
create index mentions_lately on mentions (workspace, person, mentioned_at, event);

-- operational: until when a person has looked at what is for them.
create table mentions_seen (
  workspace uuid not null,
  person uuid not null,
  seen_until bigint not null,
  primary key (workspace, person)
);

-- operational: what a person was told by letter, and whether they want to be.
create table letters (
  workspace uuid not null,
  person uuid not null,
  wanted boolean not null,
  told_until bigint not null,
  told_notices bigint not null,
  attempts bigint not null,
  next_at bigint not null,
  outcome text not null,
  primary key (workspace, person)
);
