-- A row of the audit log may hold many records of reads, in the form of audit.Segment: two lines a record. Then time is
-- that of the latest, and event_name and user_name hold the different names, with blanks around each.

-- +goose Up

ALTER TABLE audit_records ADD COLUMN records BIGINT NOT NULL DEFAULT 1; -- how many

-- Programs of the version before take a segment for one record, and fail where they show it.
UPDATE meta SET value = '4' WHERE name = 'oldest_program';
