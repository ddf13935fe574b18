-- +goose Up
CREATE TABLE delivery (
  id     INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  header TEXT NOT NULL,
  size   INTEGER NOT NULL,
  body   BLOB NOT NULL
);
CREATE INDEX delivery_source ON delivery (source, id);
CREATE TABLE delivery_key (
  key      BLOB PRIMARY KEY,
  delivery INTEGER NOT NULL
) WITHOUT ROWID;
