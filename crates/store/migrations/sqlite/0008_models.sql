-- sealed: model files by digest, with what is known of them. Primary data: a proposal's version names one.
create table models (
  workspace blob not null,
  playbook blob not null,
  model blob not null,
  kind text not null,
  made_at integer not null,
  card text not null,
  bytes blob not null,
  primary key (workspace, playbook, model)
);
-- operational: which model advises people (made again from the decisions in the ledger), and which runs in the shadow.
create table model_stages (
  workspace blob not null,
  playbook blob not null,
  stage text not null,
  model blob not null,
  decision blob,
  since integer not null,
  primary key (workspace, playbook, stage)
);
-- operational: what models say of cases, kept apart from them, and what turned out.
create table model_answers (
  workspace blob not null,
  playbook blob not null,
  model blob not null,
  case_id blob not null,
  answer text,
  note text not null,
  truth text,
  said_at integer not null,
  primary key (workspace, playbook, model, case_id)
);
create index model_answers_by_case on model_answers (workspace, case_id);
-- operational: which node lets models run, and how far it has read.
create table model_runs (
  workspace blob not null primary key,
  holder blob not null,
  until integer not null,
  position integer not null
);
