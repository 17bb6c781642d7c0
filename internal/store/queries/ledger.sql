-- name: InsertLedgerEntry :exec
INSERT INTO ledger_entries (
    merchant_id, id, mode, journal, transaction_id, connection_id, account, side, amount, currency, created_at
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: ListLedgerEntries :many
SELECT * FROM ledger_entries
WHERE merchant_id = sqlc.arg(merchant_id) AND mode = sqlc.arg(mode) AND id < sqlc.arg(before)
ORDER BY id DESC LIMIT CAST(sqlc.arg(count) AS bigint);

-- name: GetLedgerEntry :one
SELECT * FROM ledger_entries WHERE merchant_id = $1 AND id = $2;

-- name: SumLedger :many
SELECT connection_id, currency, account, side, CAST(SUM(amount) AS bigint) AS total
FROM ledger_entries WHERE merchant_id = $1
GROUP BY connection_id, currency, account, side;

-- name: InsertBalanceDelta :exec
INSERT INTO balance_deltas (merchant_id, id, connection_id, currency, account, amount)
VALUES ($1, $2, $3, $4, $5, $6);

-- name: SumBalanceDeltas :one
SELECT CAST(COALESCE(SUM(amount), 0) AS bigint) AS total FROM balance_deltas
WHERE merchant_id = $1 AND connection_id = $2 AND currency = $3 AND account = $4;

-- name: TakeBalanceDeltas :many
DELETE FROM balance_deltas
WHERE merchant_id = $1 AND connection_id = $2 AND currency = $3 AND account = $4
RETURNING amount;

-- name: ListDeltaAccounts :many
SELECT merchant_id, connection_id, currency, account, COUNT(*) AS n
FROM balance_deltas GROUP BY merchant_id, connection_id, currency, account
ORDER BY 5 DESC LIMIT 100;

-- name: EnsureBalance :exec
INSERT INTO balances (merchant_id, connection_id, currency, account, amount)
VALUES ($1, $2, $3, $4, 0)
ON CONFLICT (merchant_id, connection_id, currency, account) DO NOTHING;

-- name: AddToBalance :one
UPDATE balances SET amount = amount + sqlc.arg(amount)
WHERE merchant_id = sqlc.arg(merchant_id) AND connection_id = sqlc.arg(connection_id)
  AND currency = sqlc.arg(currency) AND account = sqlc.arg(account)
RETURNING amount;

-- name: ListPurses :many
SELECT connection_id, currency, account, CAST(SUM(amount) AS bigint) AS total
FROM (
    SELECT b.connection_id, b.currency, b.account, b.amount FROM balances b WHERE b.merchant_id = sqlc.arg(merchant_id)
    UNION ALL
    SELECT d.connection_id, d.currency, d.account, d.amount FROM balance_deltas d WHERE d.merchant_id = sqlc.arg(merchant_id)
) AS purses
GROUP BY connection_id, currency, account
ORDER BY connection_id, currency, account;
