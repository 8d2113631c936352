-- operational: until when it has been looked who went away and who came back, so that of several nodes one asks for new routes, once.
create table absence_looks (
  workspace uuid not null primary key,
  until bigint not null
);
