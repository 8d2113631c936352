-- operational: rehearsals over the workspace's own history, and what they found. They can be held again at any time.
create table rehearsals (
  workspace uuid not null,
  id uuid not null,
  playbook text not null,
  question text not null,
  state text not null,
  permille bigint not null,
  note text not null,
  started_at bigint not null,
  updated_at bigint not null,
  findings text,
  primary key (workspace, id)
);
create index rehearsals_lately on rehearsals (workspace, started_at);
