-- +goose Up

-- Lists of what did not succeed: few among many, so that reading the newest
-- page of them must not walk all that did. What succeeded is left out, as it is
-- most of every list, and a payment's row enters the index once and leaves it.
CREATE INDEX ix_transactions_status ON transactions (merchant_id, mode, kind, status, id) WHERE status <> 'succeeded';

-- +goose Down
DROP INDEX ix_transactions_status;
