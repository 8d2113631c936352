-- operational: where notices are sent, how far each has come, what became of each message, and what people have read. Never evidence.
create table webhooks (
  workspace uuid not null,
  webhook uuid not null,
  url text not null,
  types text not null,
  created_at bigint not null,
  seen bigint not null,
  primary key (workspace, webhook)
);
create table webhook_deliveries (
  workspace uuid not null,
  webhook uuid not null,
  event uuid not null,
  type text not null,
  state text not null,
  attempts bigint not null,
  next_at bigint not null,
  last_at bigint,
  outcome text not null,
  primary key (workspace, webhook, event)
);
create index webhook_deliveries_due on webhook_deliveries (workspace, state, next_at);
create table notices_read (
  workspace uuid not null,
  person uuid not null,
  through bigint not null,
  primary key (workspace, person)
);
