-- +goose Up
CREATE TABLE "user" (
  name       TEXT COLLATE "C" PRIMARY KEY,
  display    TEXT NOT NULL,
  role       TEXT NOT NULL,
  disabled   BIGINT NOT NULL,
  password   TEXT NOT NULL,
  profile    TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  seen_at    BIGINT NOT NULL
);

CREATE TABLE session (
  hash       BYTEA PRIMARY KEY,
  user_name  TEXT NOT NULL,
  by_link    BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  seen_at    BIGINT NOT NULL
);
CREATE INDEX session_of_user ON session (user_name);

CREATE TABLE sign_in_link (
  hash       BYTEA PRIMARY KEY,
  user_name  TEXT NOT NULL,
  expires_at BIGINT NOT NULL
);

-- nothing has written the one of the first step
DROP TABLE api_key;
CREATE TABLE api_key (
  name       TEXT COLLATE "C" PRIMARY KEY,
  role       TEXT NOT NULL,
  scope      TEXT NOT NULL,
  hash       BYTEA NOT NULL UNIQUE,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at    BIGINT NOT NULL
);
