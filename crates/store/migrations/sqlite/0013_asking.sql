-- operational: which node asks the proposers that playbooks name, and how far it has read.
create table asking_runs (
  workspace blob not null primary key,
  holder blob not null,
  until integer not null,
  position integer not null
);
-- operational: what was spent on a proposer in a day (UTC, counted from 1970), in micro-units: a budget outlives the node that spends it.
create table asking_spent (
  workspace blob not null,
  playbook blob not null,
  proposer text not null,
  day integer not null,
  spent integer not null,
  primary key (workspace, playbook, proposer, day)
);
