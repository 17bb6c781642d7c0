-- +goose Up

-- Who asked for a batch of payouts and, where it is held, who decided on it.
-- approval: '' needs none, awaiting (a second person), approved, rejected.
-- maker and decider are users; a batch made with an API key has no maker.
ALTER TABLE payout_batches ADD COLUMN totals        TEXT   NOT NULL DEFAULT '[]'; -- JSON: an amount per currency
ALTER TABLE payout_batches ADD COLUMN approval      TEXT   NOT NULL DEFAULT '';
ALTER TABLE payout_batches ADD COLUMN maker_id      TEXT   NOT NULL DEFAULT '';
ALTER TABLE payout_batches ADD COLUMN maker_email   TEXT   NOT NULL DEFAULT '';
ALTER TABLE payout_batches ADD COLUMN decider_id    TEXT   NOT NULL DEFAULT '';
ALTER TABLE payout_batches ADD COLUMN decider_email TEXT   NOT NULL DEFAULT '';
ALTER TABLE payout_batches ADD COLUMN decided_at    BIGINT NOT NULL DEFAULT 0;

-- Batches whose payouts are not all made: few, whatever has been paid so far.
CREATE INDEX ix_payout_batches_open ON payout_batches (merchant_id, mode) WHERE next_work_at > 0 OR approval = 'awaiting';

-- A batch made on the dashboard that is above one of these waits for a second person.
CREATE TABLE payout_limits (
    merchant_id TEXT   NOT NULL REFERENCES merchants (id),
    mode        TEXT   NOT NULL,
    currency    TEXT   NOT NULL,
    amount      BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, mode, currency)
);

-- +goose Down
DROP TABLE payout_limits;
DROP INDEX ix_payout_batches_open;
ALTER TABLE payout_batches DROP COLUMN decided_at;
ALTER TABLE payout_batches DROP COLUMN decider_email;
ALTER TABLE payout_batches DROP COLUMN decider_id;
ALTER TABLE payout_batches DROP COLUMN maker_email;
ALTER TABLE payout_batches DROP COLUMN maker_id;
ALTER TABLE payout_batches DROP COLUMN approval;
ALTER TABLE payout_batches DROP COLUMN totals;
