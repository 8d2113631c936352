-- operational: until when it has been looked who went away and who came back, so that of several nodes one asks for new routes, once.
create table absence_looks (
  workspace blob not null primary key,
  until integer not null
);
