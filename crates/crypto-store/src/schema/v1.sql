CREATE TABLE meta (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    id       BLOB NOT NULL CHECK (length(id) = 16),
    wrapping BLOB NOT NULL
) STRICT;

CREATE TABLE change (
    seq   INTEGER PRIMARY KEY AUTOINCREMENT,
    field INTEGER NOT NULL,
    key   BLOB NOT NULL
) STRICT;
