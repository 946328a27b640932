CREATE TABLE store_key (
    generation INTEGER PRIMARY KEY CHECK (generation > 0),
    id         BLOB NOT NULL,
    wrapping   BLOB NOT NULL
) STRICT;

CREATE TABLE rotation (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    field INTEGER NOT NULL,
    key   BLOB NOT NULL
) STRICT;

INSERT INTO store_key (generation, id, wrapping) SELECT 1, id, wrapping FROM meta;

ALTER TABLE meta RENAME TO meta_1;

CREATE TABLE meta (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    id    BLOB NOT NULL CHECK (length(id) = 16),
    place BLOB CHECK (length(place) = 32)
) STRICT;

INSERT INTO meta (one, id) SELECT one, id FROM meta_1;

DROP TABLE meta_1;
