-- operational: views of the queue that a person has named for themselves. It holds no word that anybody searched for.
create table saved_views (
  workspace uuid not null,
  person uuid not null,
  view uuid not null,
  name text not null,
  query text not null,
  made_at bigint not null,
  primary key (workspace, person, view)
);

-- operational: after how long a person wants to be reminded of a pause, and when they paused last. How long they work is derived and kept nowhere.
create table pauses (
  workspace uuid not null,
  person uuid not null,
  after_minutes bigint not null,
  paused_at bigint not null,
  primary key (workspace, person)
);
