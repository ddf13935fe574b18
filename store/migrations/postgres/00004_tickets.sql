-- +goose Up
CREATE TABLE ticket (
  id           BIGINT PRIMARY KEY,
  status       BIGINT NOT NULL,
  severity     BIGINT NOT NULL,
  conclusion   BIGINT NOT NULL,
  concluded_at BIGINT NOT NULL,
  merged_into  BIGINT NOT NULL,
  alerts       BIGINT NOT NULL,
  version      BIGINT NOT NULL,
  entries      BIGINT NOT NULL,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL,
  assignee     TEXT NOT NULL,
  folded       TEXT NOT NULL,
  doc          TEXT NOT NULL
);
CREATE INDEX ticket_status ON ticket (status, id);
CREATE INDEX ticket_assignee ON ticket (assignee, id);
CREATE INDEX ticket_conclusion ON ticket (conclusion, id);
CREATE TABLE ticket_tag (
  tag    TEXT NOT NULL,
  ticket BIGINT NOT NULL,
  PRIMARY KEY (tag, ticket)
);
CREATE INDEX ticket_tag_ticket ON ticket_tag (ticket);
CREATE TABLE ticket_entry (
  ticket BIGINT NOT NULL,
  n      BIGINT NOT NULL,
  version BIGINT NOT NULL,
  kind   BIGINT NOT NULL,
  undoes BIGINT NOT NULL,
  doc    TEXT NOT NULL,
  alerts BYTEA,
  PRIMARY KEY (ticket, n)
);
-- An alert is in at most one ticket: the key says so.
CREATE TABLE ticket_alert (
  alert  BIGINT PRIMARY KEY,
  ticket BIGINT NOT NULL
);
CREATE INDEX ticket_alert_ticket ON ticket_alert (ticket, alert);
