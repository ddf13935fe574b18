-- +goose Up
CREATE TABLE "user" (
  name       TEXT PRIMARY KEY,
  display    TEXT NOT NULL,
  role       TEXT NOT NULL,
  disabled   INTEGER NOT NULL,
  password   TEXT NOT NULL,
  profile    TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  seen_at    INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE session (
  hash       BLOB PRIMARY KEY,
  user_name  TEXT NOT NULL,
  by_link    INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  seen_at    INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX session_of_user ON session (user_name);

CREATE TABLE sign_in_link (
  hash       BLOB PRIMARY KEY,
  user_name  TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;

-- nothing has written the one of the first step
DROP TABLE api_key;
CREATE TABLE api_key (
  name       TEXT PRIMARY KEY,
  role       TEXT NOT NULL,
  scope      TEXT NOT NULL,
  hash       BLOB NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at    INTEGER NOT NULL
) WITHOUT ROWID;
