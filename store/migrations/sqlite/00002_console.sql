-- What signing in to the console needs: sign-ins, throttles, security keys.

-- +goose Up

-- A row is a browser's way into the console. token_hash changes at every step, id stays.
CREATE TABLE sign_ins (
    id         TEXT   PRIMARY KEY,
    token_hash TEXT   NOT NULL UNIQUE,
    account    TEXT   NOT NULL,
    owner_id   TEXT   NOT NULL,
    step       TEXT   NOT NULL,
    started    BIGINT NOT NULL,
    finished   BIGINT NOT NULL,
    expires    BIGINT NOT NULL,
    last_seen  BIGINT NOT NULL,
    mfa        BIGINT NOT NULL,
    mfa_serial TEXT   NOT NULL,
    source_ip  TEXT   NOT NULL,
    user_agent TEXT   NOT NULL,
    ceremony   TEXT   NOT NULL, -- '' if none is under way
    refused    BIGINT NOT NULL
);
CREATE INDEX sign_ins_owner ON sign_ins (account, owner_id, started, id);
CREATE INDEX sign_ins_expires ON sign_ins (expires);
CREATE INDEX sign_ins_last_seen ON sign_ins (last_seen);

CREATE TABLE throttles (
    name         TEXT   PRIMARY KEY,
    failures     BIGINT NOT NULL,
    last_failure BIGINT NOT NULL
);
CREATE INDEX throttles_last_failure ON throttles (last_failure);

INSERT INTO throttles (name, failures, last_failure)
    SELECT 'password/' || account || '/' || owner_id, failures, last_failure FROM login_profiles WHERE failures > 0;
ALTER TABLE login_profiles DROP COLUMN failures;
ALTER TABLE login_profiles DROP COLUMN last_failure;

-- Of a security key, sealed holds what never changes; sign_count and backed_up do. credential_id is unique over all
-- accounts: a credential belongs to one user (WebAuthn Level 3, 7.1).
ALTER TABLE mfa_devices ADD COLUMN credential_id TEXT NOT NULL DEFAULT '';
ALTER TABLE mfa_devices ADD COLUMN sign_count BIGINT NOT NULL DEFAULT 0;
ALTER TABLE mfa_devices ADD COLUMN backed_up BIGINT NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX mfa_devices_credential ON mfa_devices (credential_id) WHERE credential_id <> '';
