-- +goose Up
-- A line of the queue. Every alert that ever was in the queue has founded one or
-- joined one; a group that was merged into another keeps its row, so that links lead on.
CREATE TABLE alert_group (
  id       INTEGER PRIMARY KEY,
  standing INTEGER NOT NULL,
  kept     INTEGER NOT NULL,
  into_id  INTEGER NOT NULL,
  severity INTEGER NOT NULL,
  score    INTEGER NOT NULL,
  alerts   INTEGER NOT NULL,
  lead     INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  last_at  INTEGER NOT NULL,
  moved_at INTEGER NOT NULL,
  doc      TEXT NOT NULL
);
CREATE INDEX alert_group_queue ON alert_group (score, id) WHERE standing = 1;

-- Which group an alert is in. A group whose only alert is its founder has no row here.
CREATE TABLE group_alert (
  alert   INTEGER PRIMARY KEY,
  grp     INTEGER NOT NULL,
  why     TEXT NOT NULL
);
CREATE INDEX group_alert_grp ON group_alert (grp, alert);

INSERT INTO alert_group (id, standing, kept, into_id, severity, score, alerts, lead, first_at, last_at, moved_at, doc)
  SELECT a.id, 1, 0, 0, a.severity, CASE WHEN a.severity = 0 THEN 5 ELSE 20 * a.severity END, 1, a.id, a.seen_at, a.seen_at, 0, ''
  FROM alert a WHERE NOT EXISTS (SELECT 1 FROM standing s WHERE s.alert = a.id AND s.disposition <> 0);
