-- What several nodes on one database need: to know of each other, and to be upgraded one after the other.

-- +goose Up

-- A row is a node, by the name that its audit records carry. place is the host and data directory it runs in.
CREATE TABLE nodes (
    name    TEXT   PRIMARY KEY,
    place   TEXT   NOT NULL,
    started BIGINT NOT NULL,
    seen    BIGINT NOT NULL, -- when it last wrote this row, by its own clock
    version TEXT   NOT NULL,
    state   TEXT   NOT NULL  -- JSON: what "sallyport status" shows
);

-- The oldest schema version of a program that can still use this schema. A migration that programs of the version
-- before can't live with raises it.
INSERT INTO meta (name, value) VALUES ('oldest_program', '3');
