-- derived: what decided cases are like, each sealed under the key of whose data it is, and deleted with it. Made again from the events and
-- the vault where it is gone.
create table precedents (
  workspace blob not null,
  case_id blob not null,
  playbook blob not null,
  subject blob,
  version integer not null,
  decided_at integer not null,
  known boolean not null,
  sealed blob not null,
  primary key (workspace, case_id)
);
create index precedents_listed on precedents (workspace, decided_at, case_id);
create index precedents_of_playbook on precedents (workspace, playbook, decided_at);
create index precedents_by_subject on precedents (workspace, subject) where subject is not null;
-- derived: up to which event they were made.
create table precedent_marks (
  workspace blob not null primary key,
  position integer not null
);

-- operational: practice on past cases. It belongs to the person who practised, is never evidence and teaches nothing to anybody else.
create table practice (
  workspace blob not null,
  session blob not null,
  person blob not null,
  playbook blob not null,
  kind text not null,
  started_at integer not null,
  finished_at integer,
  step integer not null,
  content text not null,
  primary key (workspace, session)
);
create index practice_of_person on practice (workspace, person, started_at);
