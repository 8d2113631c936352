-- What the queue shows and counts beside its order. `deadline_at` is the deadline of a case while it waits; what waits without one is
-- ordered as if it were due a day after it was opened.
alter table cases add column deadline_at bigint;
update cases set deadline_at = priority_at where priority_at <> opened_at and status in ('open', 'appealed');
update cases set priority_at = opened_at + 86400000000 where deadline_at is null and status in ('open', 'appealed');
create index cases_due on cases (workspace, playbook, deadline_at) where available and deadline_at is not null;

-- ledgered projection: how many cases of a playbook stand where, written with the cases themselves.
create table case_counts (
  workspace uuid not null,
  playbook uuid not null,
  status text not null,
  cases bigint not null,
  primary key (workspace, playbook, status)
);
insert into case_counts (workspace, playbook, status, cases) select workspace, playbook, status, count(*) from cases group by workspace, playbook, status;
