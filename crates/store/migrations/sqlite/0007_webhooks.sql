-- operational: where notices are sent, how far each has come, what became of each message, and what people have read. Never evidence.
create table webhooks (
  workspace blob not null,
  webhook blob not null,
  url text not null,
  types text not null,
  created_at integer not null,
  seen integer not null,
  primary key (workspace, webhook)
);
create table webhook_deliveries (
  workspace blob not null,
  webhook blob not null,
  event blob not null,
  type text not null,
  state text not null,
  attempts integer not null,
  next_at integer not null,
  last_at integer,
  outcome text not null,
  primary key (workspace, webhook, event)
);
create index webhook_deliveries_due on webhook_deliveries (workspace, state, next_at);
create table notices_read (
  workspace blob not null,
  person blob not null,
  through integer not null,
  primary key (workspace, person)
);
