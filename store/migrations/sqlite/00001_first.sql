-- Times are Unix milliseconds, 0 for never; booleans are 0 and 1. A …_key column is the name in lower case:
-- names are unique, looked up and listed by it. Columns named sealed are ciphertext bound to their row.
-- Text compares byte by byte, which the paging of lists relies on.

-- +goose Up

PRAGMA application_id = 1396788313; -- "SALY"

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- "changes" numbers the rows of changes; "policy/ACCOUNT" is that account's policy version.
CREATE TABLE counters (
    name  TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);

CREATE TABLE changes (
    sequence BIGINT PRIMARY KEY,
    account  TEXT   NOT NULL,
    version  BIGINT NOT NULL,
    entity   TEXT   NOT NULL
);

CREATE TABLE accounts (
    id        TEXT   PRIMARY KEY,
    email     TEXT   NOT NULL,
    email_key TEXT   NOT NULL UNIQUE,
    alias     TEXT   UNIQUE, -- NULL if none
    created   BIGINT NOT NULL
);

CREATE TABLE users (
    id       TEXT   PRIMARY KEY,
    account  TEXT   NOT NULL,
    name     TEXT   NOT NULL,
    name_key TEXT   NOT NULL,
    path     TEXT   NOT NULL,
    created  BIGINT NOT NULL,
    boundary TEXT   NOT NULL, -- ARN, '' if none
    tags     TEXT   NOT NULL, -- JSON, '' if none
    UNIQUE (account, name_key)
);
CREATE INDEX users_boundary ON users (account, boundary, name_key) WHERE boundary <> '';

CREATE TABLE groups (
    id       TEXT   PRIMARY KEY,
    account  TEXT   NOT NULL,
    name     TEXT   NOT NULL,
    name_key TEXT   NOT NULL,
    path     TEXT   NOT NULL,
    created  BIGINT NOT NULL,
    UNIQUE (account, name_key)
);

CREATE TABLE group_members (
    group_id TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id  TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    user_key TEXT NOT NULL, -- the user's name_key, so that a group lists in order from the index
    PRIMARY KEY (group_id, user_id)
);
CREATE INDEX group_members_order ON group_members (group_id, user_key);
CREATE INDEX group_members_user ON group_members (user_id);

CREATE TABLE roles (
    id          TEXT   PRIMARY KEY,
    account     TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    name_key    TEXT   NOT NULL,
    path        TEXT   NOT NULL,
    description TEXT   NOT NULL,
    created     BIGINT NOT NULL,
    max_session BIGINT NOT NULL, -- seconds
    trust       TEXT   NOT NULL,
    trusted_ids TEXT   NOT NULL, -- JSON, '' if none
    boundary    TEXT   NOT NULL,
    tags        TEXT   NOT NULL,
    last_used   BIGINT NOT NULL,
    UNIQUE (account, name_key)
);
CREATE INDEX roles_boundary ON roles (account, boundary, name_key) WHERE boundary <> '';

CREATE TABLE managed_policies (
    id              TEXT   PRIMARY KEY,
    account         TEXT   NOT NULL,
    arn             TEXT   NOT NULL UNIQUE,
    name            TEXT   NOT NULL,
    name_key        TEXT   NOT NULL,
    path            TEXT   NOT NULL,
    description     TEXT   NOT NULL,
    created         BIGINT NOT NULL,
    updated         BIGINT NOT NULL,
    default_version BIGINT NOT NULL,
    last_version    BIGINT NOT NULL,
    tags            TEXT   NOT NULL,
    UNIQUE (account, name_key)
);

CREATE TABLE policy_versions (
    policy_id TEXT   NOT NULL REFERENCES managed_policies (id) ON DELETE CASCADE,
    number    BIGINT NOT NULL,
    document  TEXT   NOT NULL,
    created   BIGINT NOT NULL,
    PRIMARY KEY (policy_id, number)
);

-- An owner is a user, group or role; deleting it deletes its rows here and below.
CREATE TABLE attachments (
    account   TEXT NOT NULL,
    owner_id  TEXT NOT NULL,
    owner_key TEXT NOT NULL, -- the owner's name_key, so that a policy lists its owners in order from the index
    kind      TEXT NOT NULL, -- of the owner: user, group, role
    policy_id TEXT NOT NULL REFERENCES managed_policies (id) ON DELETE CASCADE,
    PRIMARY KEY (account, owner_id, policy_id)
);
CREATE INDEX attachments_policy ON attachments (policy_id, account, kind, owner_key);

CREATE TABLE inline_policies (
    account  TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    name     TEXT NOT NULL,
    name_key TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (account, owner_id, name_key)
);

-- From here on an owner may also be root, by the account's id.
CREATE TABLE access_keys (
    id           TEXT   PRIMARY KEY,
    account      TEXT   NOT NULL,
    owner_id     TEXT   NOT NULL,
    sealed       BLOB   NOT NULL,
    active       BIGINT NOT NULL,
    created      BIGINT NOT NULL,
    used         BIGINT NOT NULL,
    used_region  TEXT   NOT NULL,
    used_service TEXT   NOT NULL
);
CREATE INDEX access_keys_owner ON access_keys (account, owner_id, id);

CREATE TABLE login_profiles (
    account        TEXT   NOT NULL,
    owner_id       TEXT   NOT NULL,
    hash           TEXT   NOT NULL,
    history        TEXT   NOT NULL, -- JSON, '' if none
    created        BIGINT NOT NULL,
    changed        BIGINT NOT NULL,
    last_used      BIGINT NOT NULL,
    reset_required BIGINT NOT NULL,
    failures       BIGINT NOT NULL, -- wrong old passwords in a row
    last_failure   BIGINT NOT NULL,
    PRIMARY KEY (account, owner_id)
);

CREATE TABLE password_policies (
    account TEXT PRIMARY KEY,
    policy  TEXT NOT NULL -- JSON
);

CREATE TABLE mfa_devices (
    account       TEXT   NOT NULL,
    serial        TEXT   NOT NULL,
    serial_key    TEXT   NOT NULL,
    kind          TEXT   NOT NULL,
    owner_id      TEXT   NOT NULL, -- '' while unassigned
    created       BIGINT NOT NULL,
    enabled       BIGINT NOT NULL,
    sealed        BLOB   NOT NULL,
    tags          TEXT   NOT NULL,
    drift         BIGINT NOT NULL, -- this and the rest: mfa.State
    last_pair     BIGINT NOT NULL,
    floor         BIGINT NOT NULL,
    used          TEXT   NOT NULL, -- steps parted by commas
    failures      BIGINT NOT NULL,
    budget_window BIGINT NOT NULL,
    attempts      BIGINT NOT NULL,
    pair_failures BIGINT NOT NULL,
    PRIMARY KEY (account, serial)
);
CREATE INDEX mfa_devices_owner ON mfa_devices (account, owner_id, serial) WHERE owner_id <> '';
CREATE UNIQUE INDEX mfa_devices_hardware ON mfa_devices (account, serial_key) WHERE kind = 'hardware';
CREATE INDEX mfa_devices_virtual ON mfa_devices (account, serial) WHERE kind = 'virtual';
CREATE INDEX mfa_devices_assigned ON mfa_devices (account, serial) WHERE kind = 'virtual' AND owner_id <> '';
CREATE INDEX mfa_devices_unassigned ON mfa_devices (account, serial) WHERE kind = 'virtual' AND owner_id = '';

CREATE TABLE mfa_budgets (
    account       TEXT   NOT NULL,
    serial        TEXT   NOT NULL,
    budget_window BIGINT NOT NULL,
    attempts      BIGINT NOT NULL,
    pair_failures BIGINT NOT NULL,
    PRIMARY KEY (account, serial)
);

CREATE TABLE credential_reports (
    account   TEXT   PRIMARY KEY,
    started   BIGINT NOT NULL,
    generated BIGINT NOT NULL,
    content   BLOB   NOT NULL
);

-- AUTOINCREMENT: an id is never given twice, even after retention has removed the newest record, so that a
-- reader who follows the log by id misses nothing. Rows are never updated.
CREATE TABLE audit_records (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    node       TEXT    NOT NULL,
    account    TEXT    NOT NULL,
    time       BIGINT  NOT NULL,
    event_name TEXT    NOT NULL,
    user_name  TEXT    NOT NULL,
    record     BLOB    NOT NULL
);
CREATE INDEX audit_records_search ON audit_records (account, time, id, event_name, user_name);

-- A row is a block of records that the sealer chained together: those of the node with ids after the block
-- before, through last_id. links has 40 bytes for each, in the order of their numbers: id (big-endian) and hash.
CREATE TABLE audit_chain (
    node      TEXT   NOT NULL,
    first_seq BIGINT NOT NULL,
    last_seq  BIGINT NOT NULL,
    last_id   BIGINT NOT NULL,
    links     BLOB   NOT NULL,
    PRIMARY KEY (node, first_seq)
);

-- A row is a removal of records through this number and id that retention has begun and not finished.
CREATE TABLE audit_retention (
    node     TEXT   PRIMARY KEY,
    last_seq BIGINT NOT NULL,
    last_id  BIGINT NOT NULL
);

CREATE TABLE audit_digests (
    node      TEXT   NOT NULL,
    first_seq BIGINT NOT NULL,
    last_seq  BIGINT NOT NULL,
    last_hash BLOB   NOT NULL,
    previous  BLOB   NOT NULL,
    time      BIGINT NOT NULL,
    signature BLOB   NOT NULL,
    PRIMARY KEY (node, first_seq)
);
CREATE UNIQUE INDEX audit_digests_last ON audit_digests (node, last_seq);
