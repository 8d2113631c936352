-- sealed: which words cases hold, as tokens under a key that is not here: no word stands in it, and none can be tried without the key. It is
-- derived: dropped, it is made again from the events and the vault, and it goes with the subject whose words they are.
create table search_words (
  workspace uuid not null,
  token bigint not null,
  case_id uuid not null,
  primary key (workspace, token, case_id)
);

-- sealed, as the words are: all tokens of a case in one row, eight bytes each, so that a case is looked at and forgotten at once.
create table search_cases (
  workspace uuid not null,
  case_id uuid not null,
  subject uuid,
  tokens bytea not null,
  primary key (workspace, case_id)
);
create index search_cases_by_subject on search_cases (workspace, subject);

-- operational: which node makes it, and how far it has read.
create table search_runs (
  workspace uuid not null primary key,
  holder uuid not null,
  until bigint not null,
  position bigint not null
);
