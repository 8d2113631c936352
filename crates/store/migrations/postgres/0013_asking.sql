-- operational: which node asks the proposers that playbooks name, and how far it has read.
create table asking_runs (
  workspace uuid not null primary key,
  holder uuid not null,
  until bigint not null,
  position bigint not null
);
-- operational: what was spent on a proposer in a day (UTC, counted from 1970), in micro-units: a budget outlives the node that spends it.
create table asking_spent (
  workspace uuid not null,
  playbook uuid not null,
  proposer text not null,
  day bigint not null,
  spent bigint not null,
  primary key (workspace, playbook, proposer, day)
);
