-- +goose Up
-- What the organisation owns, as it was declared.
CREATE TABLE asset (
  type           TEXT NOT NULL,
  value          TEXT NOT NULL,
  owner          TEXT NOT NULL,
  importance     TEXT NOT NULL,
  infrastructure INTEGER NOT NULL,
  note           TEXT NOT NULL,
  PRIMARY KEY (type, value)
);
