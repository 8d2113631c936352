-- operational: views of the queue that a person has named for themselves. It holds no word that anybody searched for.
create table saved_views (
  workspace blob not null,
  person blob not null,
  view blob not null,
  name text not null,
  query text not null,
  made_at integer not null,
  primary key (workspace, person, view)
) without rowid;

-- operational: after how long a person wants to be reminded of a pause, and when they paused last. How long they work is derived and kept nowhere.
create table pauses (
  workspace blob not null,
  person blob not null,
  after_minutes integer not null,
  paused_at integer not null,
  primary key (workspace, person)
) without rowid;
