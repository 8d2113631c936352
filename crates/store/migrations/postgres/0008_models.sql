-- sealed: model files by digest, with what is known of them. Primary data: a proposal's version names one.
create table models (
  workspace uuid not null,
  playbook uuid not null,
  model bytea not null,
  kind text not null,
  made_at bigint not null,
  card text not null,
  bytes bytea not null,
  primary key (workspace, playbook, model)
);
-- operational: which model advises people (made again from the decisions in the ledger), and which runs in the shadow.
create table model_stages (
  workspace uuid not null,
  playbook uuid not null,
  stage text not null,
  model bytea not null,
  decision uuid,
  since bigint not null,
  primary key (workspace, playbook, stage)
);
-- operational: what models say of cases, kept apart from them, and what turned out.
create table model_answers (
  workspace uuid not null,
  playbook uuid not null,
  model bytea not null,
  case_id uuid not null,
  answer text,
  note text not null,
  truth text,
  said_at bigint not null,
  primary key (workspace, playbook, model, case_id)
);
create index model_answers_by_case on model_answers (workspace, case_id);
-- operational: which node lets models run, and how far it has read.
create table model_runs (
  workspace uuid not null primary key,
  holder uuid not null,
  until bigint not null,
  position bigint not null
);
