-- operational: cases that are to be routed anew because people or certificates changed, and how far that has come. `round` rises with
-- every asking, so that whoever is at it begins anew; `holder` and `until` are the lease of the node that is at it.
create table reroutes (
  workspace uuid not null,
  playbook uuid not null,
  status text not null,
  round bigint not null,
  after_case uuid not null,
  looked bigint not null,
  rerouted bigint not null,
  asked_at bigint not null,
  holder uuid not null,
  until bigint not null,
  primary key (workspace, playbook, status)
);
