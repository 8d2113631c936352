-- operational: cases that are to be routed anew because people or certificates changed, and how far that has come. `round` rises with
-- every asking, so that whoever is at it begins anew; `holder` and `until` are the lease of the node that is at it.
create table reroutes (
  workspace blob not null,
  playbook blob not null,
  status text not null,
  round integer not null,
  after_case blob not null,
  looked integer not null,
  rerouted integer not null,
  asked_at integer not null,
  holder blob not null,
  until integer not null,
  primary key (workspace, playbook, status)
) without rowid;
