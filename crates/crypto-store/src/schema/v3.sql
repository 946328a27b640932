ALTER TABLE account RENAME TO account_2;
CREATE TABLE account (key BLOB PRIMARY KEY, version INTEGER NOT NULL, value BLOB NOT NULL) STRICT;
INSERT INTO account SELECT key, version, value FROM account_2 ORDER BY key;
DROP TABLE account_2;

ALTER TABLE session RENAME TO session_2;
CREATE TABLE session (key BLOB PRIMARY KEY, version INTEGER NOT NULL, value BLOB NOT NULL) STRICT;
INSERT INTO session SELECT key, version, value FROM session_2 ORDER BY key;
DROP TABLE session_2;

ALTER TABLE inbound_group RENAME TO inbound_group_2;
CREATE TABLE inbound_group (key BLOB PRIMARY KEY, version INTEGER NOT NULL, value BLOB NOT NULL) STRICT;
INSERT INTO inbound_group SELECT key, version, value FROM inbound_group_2 ORDER BY key;
DROP TABLE inbound_group_2;

ALTER TABLE outbound_group RENAME TO outbound_group_2;
CREATE TABLE outbound_group (key BLOB PRIMARY KEY, version INTEGER NOT NULL, value BLOB NOT NULL) STRICT;
INSERT INTO outbound_group SELECT key, version, value FROM outbound_group_2 ORDER BY key;
DROP TABLE outbound_group_2;

ALTER TABLE device RENAME TO device_2;
CREATE TABLE device (key BLOB PRIMARY KEY, version INTEGER NOT NULL, value BLOB NOT NULL) STRICT;
INSERT INTO device SELECT key, version, value FROM device_2 ORDER BY key;
DROP TABLE device_2;

ALTER TABLE contact RENAME TO contact_2;
CREATE TABLE contact (key BLOB PRIMARY KEY, version INTEGER NOT NULL, value BLOB NOT NULL) STRICT;
INSERT INTO contact SELECT key, version, value FROM contact_2 ORDER BY key;
DROP TABLE contact_2;

ALTER TABLE cursor RENAME TO cursor_2;
CREATE TABLE cursor (key BLOB PRIMARY KEY, version INTEGER NOT NULL, value BLOB NOT NULL) STRICT;
INSERT INTO cursor SELECT key, version, value FROM cursor_2 ORDER BY key;
DROP TABLE cursor_2;

ALTER TABLE message RENAME TO message_2;
CREATE TABLE message (key BLOB PRIMARY KEY, version INTEGER NOT NULL, value BLOB NOT NULL) STRICT;
INSERT INTO message SELECT key, version, value FROM message_2 ORDER BY key;
DROP TABLE message_2;

ALTER TABLE outbox RENAME TO outbox_2;
CREATE TABLE outbox (key BLOB PRIMARY KEY, version INTEGER NOT NULL, value BLOB NOT NULL) STRICT;
INSERT INTO outbox SELECT key, version, value FROM outbox_2 ORDER BY key;
DROP TABLE outbox_2;

ALTER TABLE pending RENAME TO pending_2;
CREATE TABLE pending (key BLOB PRIMARY KEY, version INTEGER NOT NULL, value BLOB NOT NULL) STRICT;
INSERT INTO pending SELECT key, version, value FROM pending_2 ORDER BY key;
DROP TABLE pending_2;

ALTER TABLE seen RENAME TO seen_2;
CREATE TABLE seen (key BLOB PRIMARY KEY, version INTEGER NOT NULL, value BLOB NOT NULL) STRICT;
INSERT INTO seen SELECT key, version, value FROM seen_2 ORDER BY key;
DROP TABLE seen_2;

ALTER TABLE directory RENAME TO directory_2;
CREATE TABLE directory (key BLOB PRIMARY KEY, version INTEGER NOT NULL, value BLOB NOT NULL) STRICT;
INSERT INTO directory SELECT key, version, value FROM directory_2 ORDER BY key;
DROP TABLE directory_2;

ALTER TABLE procedure RENAME TO procedure_2;
CREATE TABLE procedure (key BLOB PRIMARY KEY, version INTEGER NOT NULL, value BLOB NOT NULL) STRICT;
INSERT INTO procedure SELECT key, version, value FROM procedure_2 ORDER BY key;
DROP TABLE procedure_2;
