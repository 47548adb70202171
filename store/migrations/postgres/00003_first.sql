-- The schema of version 3, the first that PostgreSQL has had: of here on both databases have the same numbers.
--
-- Times are Unix milliseconds, 0 for never; booleans are 0 and 1. A …_key column is the name in lower case:
-- names are unique, looked up and listed by it. Columns named sealed are ciphertext bound to their row.
-- Text compares byte by byte (COLLATE "C"), which the paging of lists relies on.

-- +goose Up

CREATE TABLE meta (
    name  TEXT COLLATE "C" PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);

-- "changes" numbers the rows of changes; "policy/ACCOUNT" is that account's policy version.
CREATE TABLE counters (
    name  TEXT COLLATE "C" PRIMARY KEY,
    value BIGINT NOT NULL
);

CREATE TABLE changes (
    sequence BIGINT PRIMARY KEY,
    account  TEXT COLLATE "C" NOT NULL,
    version  BIGINT NOT NULL,
    entity   TEXT COLLATE "C" NOT NULL
);

CREATE TABLE accounts (
    id        TEXT COLLATE "C" PRIMARY KEY,
    email     TEXT COLLATE "C" NOT NULL,
    email_key TEXT COLLATE "C" NOT NULL UNIQUE,
    alias     TEXT COLLATE "C" UNIQUE, -- NULL if none
    created   BIGINT NOT NULL
);

CREATE TABLE users (
    id       TEXT COLLATE "C" PRIMARY KEY,
    account  TEXT COLLATE "C" NOT NULL,
    name     TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    path     TEXT COLLATE "C" NOT NULL,
    created  BIGINT NOT NULL,
    boundary TEXT COLLATE "C" NOT NULL, -- ARN, '' if none
    tags     TEXT COLLATE "C" NOT NULL, -- JSON, '' if none
    UNIQUE (account, name_key)
);
CREATE INDEX users_boundary ON users (account, boundary, name_key) WHERE boundary <> '';

CREATE TABLE groups (
    id       TEXT COLLATE "C" PRIMARY KEY,
    account  TEXT COLLATE "C" NOT NULL,
    name     TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    path     TEXT COLLATE "C" NOT NULL,
    created  BIGINT NOT NULL,
    UNIQUE (account, name_key)
);

CREATE TABLE group_members (
    group_id TEXT COLLATE "C" NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id  TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    user_key TEXT COLLATE "C" NOT NULL, -- the user's name_key, so that a group lists in order from the index
    PRIMARY KEY (group_id, user_id)
);
CREATE INDEX group_members_order ON group_members (group_id, user_key);
CREATE INDEX group_members_user ON group_members (user_id);

CREATE TABLE roles (
    id          TEXT COLLATE "C" PRIMARY KEY,
    account     TEXT COLLATE "C" NOT NULL,
    name        TEXT COLLATE "C" NOT NULL,
    name_key    TEXT COLLATE "C" NOT NULL,
    path        TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    created     BIGINT NOT NULL,
    max_session BIGINT NOT NULL, -- seconds
    trust       TEXT COLLATE "C" NOT NULL,
    trusted_ids TEXT COLLATE "C" NOT NULL, -- JSON, '' if none
    boundary    TEXT COLLATE "C" NOT NULL,
    tags        TEXT COLLATE "C" NOT NULL,
    last_used   BIGINT NOT NULL,
    UNIQUE (account, name_key)
);
CREATE INDEX roles_boundary ON roles (account, boundary, name_key) WHERE boundary <> '';

CREATE TABLE managed_policies (
    id              TEXT COLLATE "C" PRIMARY KEY,
    account         TEXT COLLATE "C" NOT NULL,
    arn             TEXT COLLATE "C" NOT NULL UNIQUE,
    name            TEXT COLLATE "C" NOT NULL,
    name_key        TEXT COLLATE "C" NOT NULL,
    path            TEXT COLLATE "C" NOT NULL,
    description     TEXT COLLATE "C" NOT NULL,
    created         BIGINT NOT NULL,
    updated         BIGINT NOT NULL,
    default_version BIGINT NOT NULL,
    last_version    BIGINT NOT NULL,
    tags            TEXT COLLATE "C" NOT NULL,
    UNIQUE (account, name_key)
);

CREATE TABLE policy_versions (
    policy_id TEXT COLLATE "C" NOT NULL REFERENCES managed_policies (id) ON DELETE CASCADE,
    number    BIGINT NOT NULL,
    document  TEXT COLLATE "C" NOT NULL,
    created   BIGINT NOT NULL,
    PRIMARY KEY (policy_id, number)
);

-- An owner is a user, group or role; deleting it deletes its rows here and below.
CREATE TABLE attachments (
    account   TEXT COLLATE "C" NOT NULL,
    owner_id  TEXT COLLATE "C" NOT NULL,
    owner_key TEXT COLLATE "C" NOT NULL, -- the owner's name_key, so that a policy lists its owners in order from the index
    kind      TEXT COLLATE "C" NOT NULL, -- of the owner: user, group, role
    policy_id TEXT COLLATE "C" NOT NULL REFERENCES managed_policies (id) ON DELETE CASCADE,
    PRIMARY KEY (account, owner_id, policy_id)
);
CREATE INDEX attachments_policy ON attachments (policy_id, account, kind, owner_key);

CREATE TABLE inline_policies (
    account  TEXT COLLATE "C" NOT NULL,
    owner_id TEXT COLLATE "C" NOT NULL,
    name     TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    document TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (account, owner_id, name_key)
);

-- From here on an owner may also be root, by the account's id.
CREATE TABLE access_keys (
    id           TEXT COLLATE "C" PRIMARY KEY,
    account      TEXT COLLATE "C" NOT NULL,
    owner_id     TEXT COLLATE "C" NOT NULL,
    sealed       BYTEA  NOT NULL,
    active       BIGINT NOT NULL,
    created      BIGINT NOT NULL,
    used         BIGINT NOT NULL,
    used_region  TEXT COLLATE "C" NOT NULL,
    used_service TEXT COLLATE "C" NOT NULL
);
CREATE INDEX access_keys_owner ON access_keys (account, owner_id, id);

CREATE TABLE login_profiles (
    account        TEXT COLLATE "C" NOT NULL,
    owner_id       TEXT COLLATE "C" NOT NULL,
    hash           TEXT COLLATE "C" NOT NULL,
    history        TEXT COLLATE "C" NOT NULL, -- JSON, '' if none
    created        BIGINT NOT NULL,
    changed        BIGINT NOT NULL,
    last_used      BIGINT NOT NULL,
    reset_required BIGINT NOT NULL,
    PRIMARY KEY (account, owner_id)
);

CREATE TABLE password_policies (
    account TEXT COLLATE "C" PRIMARY KEY,
    policy  TEXT COLLATE "C" NOT NULL -- JSON
);

-- Room in the pages: an update that moves its row to another page touches the indexes, and to SERIALIZABLE that is a
-- conflict with everybody whose row the same index page has.
CREATE TABLE mfa_devices (
    account       TEXT COLLATE "C" NOT NULL,
    serial        TEXT COLLATE "C" NOT NULL,
    serial_key    TEXT COLLATE "C" NOT NULL,
    kind          TEXT COLLATE "C" NOT NULL,
    owner_id      TEXT COLLATE "C" NOT NULL, -- '' while unassigned
    created       BIGINT NOT NULL,
    enabled       BIGINT NOT NULL,
    sealed        BYTEA  NOT NULL,
    tags          TEXT COLLATE "C" NOT NULL,
    drift         BIGINT NOT NULL, -- this and the rest: mfa.State
    last_pair     BIGINT NOT NULL,
    floor         BIGINT NOT NULL,
    used          TEXT COLLATE "C" NOT NULL, -- steps parted by commas
    failures      BIGINT NOT NULL,
    budget_window BIGINT NOT NULL,
    attempts      BIGINT NOT NULL,
    pair_failures BIGINT NOT NULL,
    credential_id TEXT COLLATE "C" NOT NULL, -- of a security key; unique over all accounts: a credential belongs to one user
    sign_count    BIGINT NOT NULL,
    backed_up     BIGINT NOT NULL,
    PRIMARY KEY (account, serial)
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX mfa_devices_credential ON mfa_devices (credential_id) WHERE credential_id <> '';
CREATE INDEX mfa_devices_owner ON mfa_devices (account, owner_id, serial) WHERE owner_id <> '';
CREATE UNIQUE INDEX mfa_devices_hardware ON mfa_devices (account, serial_key) WHERE kind = 'hardware';
CREATE INDEX mfa_devices_virtual ON mfa_devices (account, serial) WHERE kind = 'virtual';
CREATE INDEX mfa_devices_assigned ON mfa_devices (account, serial) WHERE kind = 'virtual' AND owner_id <> '';
CREATE INDEX mfa_devices_unassigned ON mfa_devices (account, serial) WHERE kind = 'virtual' AND owner_id = '';

CREATE TABLE mfa_budgets (
    account       TEXT COLLATE "C" NOT NULL,
    serial        TEXT COLLATE "C" NOT NULL,
    budget_window BIGINT NOT NULL,
    attempts      BIGINT NOT NULL,
    pair_failures BIGINT NOT NULL,
    PRIMARY KEY (account, serial)
);

CREATE TABLE credential_reports (
    account   TEXT COLLATE "C" PRIMARY KEY,
    started   BIGINT NOT NULL,
    generated BIGINT NOT NULL,
    content   BYTEA  NOT NULL
);

-- An id is never given twice, so that a reader who follows the log by id misses nothing. Ids are not in the order
-- of commits: package store, settled. Rows are never updated.
CREATE TABLE audit_records (
    id         BIGINT  GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    node       TEXT COLLATE "C" NOT NULL,
    account    TEXT COLLATE "C" NOT NULL,
    time       BIGINT  NOT NULL,
    event_name TEXT COLLATE "C" NOT NULL,
    user_name  TEXT COLLATE "C" NOT NULL,
    record     BYTEA   NOT NULL
);
CREATE INDEX audit_records_search ON audit_records (account, time, id, event_name, user_name);

-- A row is a block of records that the sealer chained together: those of the node with ids after the block
-- before, through last_id. links has 40 bytes for each, in the order of their numbers: id (big-endian) and hash.
CREATE TABLE audit_chain (
    node      TEXT COLLATE "C" NOT NULL,
    first_seq BIGINT NOT NULL,
    last_seq  BIGINT NOT NULL,
    last_id   BIGINT NOT NULL,
    links     BYTEA  NOT NULL,
    PRIMARY KEY (node, first_seq)
);

-- A row is a removal of records through this number and id that retention has begun and not finished.
CREATE TABLE audit_retention (
    node     TEXT COLLATE "C" PRIMARY KEY,
    last_seq BIGINT NOT NULL,
    last_id  BIGINT NOT NULL
);

CREATE TABLE audit_digests (
    node      TEXT COLLATE "C" NOT NULL,
    first_seq BIGINT NOT NULL,
    last_seq  BIGINT NOT NULL,
    last_hash BYTEA  NOT NULL,
    previous  BYTEA  NOT NULL,
    time      BIGINT NOT NULL,
    signature BYTEA  NOT NULL,
    PRIMARY KEY (node, first_seq)
);
CREATE UNIQUE INDEX audit_digests_last ON audit_digests (node, last_seq);

-- A row is a browser's way into the console. token_hash changes at every step, id stays.
CREATE TABLE sign_ins (
    id         TEXT COLLATE "C" PRIMARY KEY,
    token_hash TEXT COLLATE "C" NOT NULL UNIQUE,
    account    TEXT COLLATE "C" NOT NULL,
    owner_id   TEXT COLLATE "C" NOT NULL,
    step       TEXT COLLATE "C" NOT NULL,
    started    BIGINT NOT NULL,
    finished   BIGINT NOT NULL,
    expires    BIGINT NOT NULL,
    last_seen  BIGINT NOT NULL,
    mfa        BIGINT NOT NULL,
    mfa_serial TEXT COLLATE "C" NOT NULL,
    source_ip  TEXT COLLATE "C" NOT NULL,
    user_agent TEXT COLLATE "C" NOT NULL,
    ceremony   TEXT COLLATE "C" NOT NULL, -- '' if none is under way
    refused    BIGINT NOT NULL
);
CREATE INDEX sign_ins_owner ON sign_ins (account, owner_id, started, id);
CREATE INDEX sign_ins_expires ON sign_ins (expires);
CREATE INDEX sign_ins_last_seen ON sign_ins (last_seen);

CREATE TABLE throttles (
    name         TEXT COLLATE "C" PRIMARY KEY,
    failures     BIGINT NOT NULL,
    last_failure BIGINT NOT NULL
);
CREATE INDEX throttles_last_failure ON throttles (last_failure);

-- A row is a node, by the name that its audit records carry. place is the host and data directory it runs in.
CREATE TABLE nodes (
    name    TEXT COLLATE "C" PRIMARY KEY,
    place   TEXT COLLATE "C" NOT NULL,
    started BIGINT NOT NULL,
    seen    BIGINT NOT NULL, -- when it last wrote this row, by its own clock
    version TEXT COLLATE "C" NOT NULL,
    state   TEXT COLLATE "C" NOT NULL  -- JSON: what "sallyport status" shows
);

-- The oldest schema version of a program that can still use this schema. A migration that programs of the version
-- before can't live with raises it.
INSERT INTO meta (name, value) VALUES ('oldest_program', '3');
