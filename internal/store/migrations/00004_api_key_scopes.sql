-- +goose Up

-- What a key may do, its scopes with blanks between; '' is everything.
ALTER TABLE api_keys ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN scopes TEXT NOT NULL DEFAULT '';

-- Payments that ended, counted by the hour in which they did. A payment that
-- succeeded after it had been reported otherwise takes itself back out of the
-- others, so that n may be negative in one hour, never over all.
CREATE TABLE payment_hours (
    merchant_id TEXT   NOT NULL,
    mode        TEXT   NOT NULL,
    hour        BIGINT NOT NULL, -- its first millisecond
    operator    TEXT   NOT NULL, -- an operator's id, or the method of one without
    currency    TEXT   NOT NULL,
    bucket      BIGINT NOT NULL, -- of the time to approve; -1: it did not succeed
    n           BIGINT NOT NULL,
    amount      BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, mode, hour, operator, currency, bucket)
);

-- How far a merchant's events have been counted into payment_hours.
CREATE TABLE counted_events (
    merchant_id TEXT NOT NULL,
    mode        TEXT NOT NULL,
    event_id    TEXT NOT NULL,
    PRIMARY KEY (merchant_id, mode)
);

-- +goose Down
DROP TABLE counted_events;
DROP TABLE payment_hours;
ALTER TABLE api_keys DROP COLUMN scopes;
ALTER TABLE api_keys DROP COLUMN name;
