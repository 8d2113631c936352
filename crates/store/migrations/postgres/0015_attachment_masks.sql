-- sealed, as the attachments are, and goes with them: roles (a JSON list) of which a person needs one to be given an attachment that only
-- fields with masks point to. One row for each list.
create table attachment_masks (
  workspace uuid not null,
  digest bytea not null,
  visible_to text not null,
  primary key (workspace, digest, visible_to)
);
