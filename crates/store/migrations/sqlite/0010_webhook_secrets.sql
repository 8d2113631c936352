-- operational: which secret of a webhook is the present one (they are derived, and stored nowhere), and when it took over from another.
alter table webhooks add column secret integer not null default 0;
alter table webhooks add column rotated_at integer;
