-- +goose Up

-- What an owner decided for all of a merchant's money; no row is the default,
-- which is everything off.
CREATE TABLE policies (
    merchant_id   TEXT    NOT NULL PRIMARY KEY REFERENCES merchants (id),
    refund_late   BOOLEAN NOT NULL, -- give back what succeeded after it was reported otherwise
    personal_days BIGINT  NOT NULL, -- how long personal data is kept after the end; 0: no limit
    updated_at    BIGINT  NOT NULL
);

-- Payments that succeeded late and are to be given back. A row is written in
-- the commit of the late success and deleted once the refund exists.
CREATE TABLE late_refunds (
    merchant_id TEXT   NOT NULL,
    id          TEXT   NOT NULL, -- the payment's
    due_at      BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, id)
);
CREATE INDEX ix_late_refunds_due ON late_refunds (due_at) WHERE due_at > 0;

-- How far a merchant's transactions and batches have been gone through for
-- personal data that is too old, by the prefix of their ids.
CREATE TABLE erasure_cursors (
    merchant_id TEXT NOT NULL,
    prefix      TEXT NOT NULL,
    id          TEXT NOT NULL,
    PRIMARY KEY (merchant_id, prefix)
);

-- Transactions and batches whose personal data is to go, and that were still at
-- work when their turn came. Asked: somebody asked for it, whatever the policy.
CREATE TABLE erasures (
    merchant_id TEXT    NOT NULL,
    id          TEXT    NOT NULL,
    asked       BOOLEAN NOT NULL,
    due_at      BIGINT  NOT NULL,
    PRIMARY KEY (merchant_id, id)
);
CREATE INDEX ix_erasures_due ON erasures (due_at);

-- +goose Down
DROP TABLE erasures;
DROP TABLE erasure_cursors;
DROP TABLE late_refunds;
DROP TABLE policies;
