-- operational: rehearsals over the workspace's own history, and what they found. They can be held again at any time.
create table rehearsals (
  workspace blob not null,
  id blob not null,
  playbook text not null,
  question text not null,
  state text not null,
  permille integer not null,
  note text not null,
  started_at integer not null,
  updated_at integer not null,
  findings text,
  primary key (workspace, id)
);
create index rehearsals_lately on rehearsals (workspace, started_at);
