-- +goose Up
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO meta (name, value) VALUES ('watermark', 0);

CREATE TABLE source (
  id         TEXT PRIMARY KEY,
  kind       TEXT NOT NULL,
  settings   TEXT NOT NULL,
  token_hash BLOB,
  created_at INTEGER NOT NULL,
  disabled   INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE api_key (
  hash       BLOB PRIMARY KEY,
  name       TEXT NOT NULL,
  role       TEXT NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE outcome (
  delivery INTEGER PRIMARY KEY,
  state    INTEGER NOT NULL,
  reason   TEXT NOT NULL,
  alerts   INTEGER NOT NULL
);
CREATE INDEX outcome_state ON outcome (state, delivery) WHERE state <> 1;
CREATE TABLE pending (delivery INTEGER PRIMARY KEY);

CREATE TABLE word (
  id    INTEGER PRIMARY KEY,
  what  INTEGER NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (what, value)
);

CREATE TABLE alert (
  id          INTEGER PRIMARY KEY,
  source      INTEGER NOT NULL,
  kind        INTEGER NOT NULL,
  rule        INTEGER NOT NULL,
  severity    INTEGER NOT NULL,
  seen_at     INTEGER NOT NULL,
  fingerprint BLOB NOT NULL,
  doc         BLOB NOT NULL
);
CREATE INDEX alert_source ON alert (source);
CREATE INDEX alert_kind ON alert (kind);
CREATE INDEX alert_rule ON alert (rule);
CREATE INDEX alert_severity ON alert (severity);
CREATE INDEX alert_seen ON alert (seen_at);

CREATE TABLE standing (
  alert       INTEGER PRIMARY KEY,
  disposition INTEGER NOT NULL,
  set_by      TEXT NOT NULL,
  reason      TEXT NOT NULL,
  at          INTEGER NOT NULL
);
CREATE INDEX standing_disposition ON standing (disposition, alert);

CREATE TABLE recurrence (
  fingerprint BLOB NOT NULL,
  source      INTEGER NOT NULL,
  alert       INTEGER NOT NULL,
  count       INTEGER NOT NULL,
  first_at    INTEGER NOT NULL,
  last_at     INTEGER NOT NULL,
  severity    INTEGER NOT NULL,
  condition   TEXT NOT NULL,
  condition_at INTEGER NOT NULL,
  text_hash   INTEGER NOT NULL,
  renewed_at  INTEGER NOT NULL,
  renewed_why TEXT NOT NULL,
  PRIMARY KEY (fingerprint, source, alert)
) WITHOUT ROWID;

CREATE TABLE sighting (
  id       INTEGER PRIMARY KEY,
  alert    INTEGER NOT NULL,
  seen_at  INTEGER NOT NULL,
  severity INTEGER NOT NULL,
  doc      BLOB NOT NULL
);
CREATE INDEX sighting_alert ON sighting (alert);

CREATE TABLE event (
  key   BLOB PRIMARY KEY,
  alert INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE term (
  key   TEXT NOT NULL,
  alert INTEGER NOT NULL,
  PRIMARY KEY (key, alert)
) WITHOUT ROWID;

CREATE TABLE tally (
  source      INTEGER NOT NULL,
  kind        INTEGER NOT NULL,
  rule        INTEGER NOT NULL,
  severity    INTEGER NOT NULL,
  disposition INTEGER NOT NULL,
  day         INTEGER NOT NULL,
  n           INTEGER NOT NULL,
  PRIMARY KEY (source, kind, rule, severity, disposition, day)
) WITHOUT ROWID;

CREATE TABLE rule_stat (
  source    INTEGER NOT NULL,
  rule      INTEGER NOT NULL,
  alerts    INTEGER NOT NULL,
  sightings INTEGER NOT NULL,
  declined  INTEGER NOT NULL,
  refused   INTEGER NOT NULL,
  last_at   INTEGER NOT NULL,
  problem   TEXT NOT NULL,
  PRIMARY KEY (source, rule)
) WITHOUT ROWID;

CREATE TABLE change (
  id      INTEGER PRIMARY KEY,
  kind    INTEGER NOT NULL,
  subject INTEGER NOT NULL,
  body    TEXT NOT NULL
);

CREATE TABLE audit (
  id        INTEGER PRIMARY KEY,
  at        INTEGER NOT NULL,
  principal TEXT NOT NULL,
  door      TEXT NOT NULL,
  action    TEXT NOT NULL,
  subject   TEXT NOT NULL,
  reason    TEXT NOT NULL
);

CREATE VIRTUAL TABLE alert_text USING fts5 (grams, content='', detail=none, columnsize=0, tokenize='ascii');
INSERT INTO alert_text (alert_text, rank) VALUES ('hashsize', 33554432);
-- Each batch is a segment. Merging sixteen at a time rewrites each posting half as
-- often as four at a time; a search looks into a few dozen segments at most.
INSERT INTO alert_text (alert_text, rank) VALUES ('automerge', 16);
INSERT INTO alert_text (alert_text, rank) VALUES ('crisismerge', 64);
CREATE VIRTUAL TABLE sighting_text USING fts5 (grams, content='', detail=none, columnsize=0, tokenize='ascii');
