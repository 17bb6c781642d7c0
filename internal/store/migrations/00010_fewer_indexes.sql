-- +goose Up

-- A unique index serves look-ups too, if what they know comes first: one index
-- less to write for each payment, and for each of its postings.
DROP INDEX ux_transactions_reference;
DROP INDEX ix_transactions_search_reference;
CREATE UNIQUE INDEX ux_transactions_reference
    ON transactions (merchant_id, mode, reference, front, account, kind);

-- A journal is named after what caused it and belongs to one transaction, or none.
DROP INDEX ux_ledger_journal;
DROP INDEX ix_ledger_transaction;
CREATE UNIQUE INDEX ux_ledger_journal
    ON ledger_entries (merchant_id, transaction_id, journal, account, side, connection_id, currency);

-- +goose Down
DROP INDEX ux_ledger_journal;
CREATE INDEX ix_ledger_transaction ON ledger_entries (merchant_id, transaction_id);
CREATE UNIQUE INDEX ux_ledger_journal
    ON ledger_entries (merchant_id, journal, account, side, connection_id, currency);
DROP INDEX ux_transactions_reference;
CREATE INDEX ix_transactions_search_reference ON transactions (merchant_id, mode, reference);
CREATE UNIQUE INDEX ux_transactions_reference
    ON transactions (merchant_id, mode, front, account, kind, reference);
