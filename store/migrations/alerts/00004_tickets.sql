-- +goose Up
CREATE TABLE ticket (
  id           INTEGER PRIMARY KEY,
  status       INTEGER NOT NULL,
  severity     INTEGER NOT NULL,
  conclusion   INTEGER NOT NULL,
  concluded_at INTEGER NOT NULL,
  merged_into  INTEGER NOT NULL,
  alerts       INTEGER NOT NULL,
  version      INTEGER NOT NULL,
  entries      INTEGER NOT NULL,
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL,
  assignee     TEXT NOT NULL,
  folded       TEXT NOT NULL,
  doc          TEXT NOT NULL
);
CREATE INDEX ticket_status ON ticket (status, id);
CREATE INDEX ticket_assignee ON ticket (assignee, id);
CREATE INDEX ticket_conclusion ON ticket (conclusion, id);
CREATE TABLE ticket_tag (
  tag    TEXT NOT NULL,
  ticket INTEGER NOT NULL,
  PRIMARY KEY (tag, ticket)
) WITHOUT ROWID;
CREATE INDEX ticket_tag_ticket ON ticket_tag (ticket);
CREATE TABLE ticket_entry (
  ticket INTEGER NOT NULL,
  n      INTEGER NOT NULL,
  version INTEGER NOT NULL,
  kind   INTEGER NOT NULL,
  undoes INTEGER NOT NULL,
  doc    TEXT NOT NULL,
  alerts BLOB,
  PRIMARY KEY (ticket, n)
) WITHOUT ROWID;
-- An alert is in at most one ticket: the key says so.
CREATE TABLE ticket_alert (
  alert  INTEGER PRIMARY KEY,
  ticket INTEGER NOT NULL
);
CREATE INDEX ticket_alert_ticket ON ticket_alert (ticket, alert);
