-- derived: what decided cases are like, each sealed under the key of whose data it is, and deleted with it. Made again from the events and
-- the vault where it is gone.
create table precedents (
  workspace uuid not null,
  case_id uuid not null,
  playbook uuid not null,
  subject uuid,
  version bigint not null,
  decided_at bigint not null,
  known boolean not null,
  sealed bytea not null,
  primary key (workspace, case_id)
);
create index precedents_listed on precedents (workspace, decided_at, case_id);
create index precedents_of_playbook on precedents (workspace, playbook, decided_at);
create index precedents_by_subject on precedents (workspace, subject) where subject is not null;
-- derived: up to which event they were made.
create table precedent_marks (
  workspace uuid not null primary key,
  position bigint not null
);

-- operational: practice on past cases. It belongs to the person who practised, is never evidence and teaches nothing to anybody else.
create table practice (
  workspace uuid not null,
  session uuid not null,
  person uuid not null,
  playbook uuid not null,
  kind text not null,
  started_at bigint not null,
  finished_at bigint,
  step bigint not null,
  content text not null,
  primary key (workspace, session)
);
create index practice_of_person on practice (workspace, person, started_at);
