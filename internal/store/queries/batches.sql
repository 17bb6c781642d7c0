-- name: InsertBatch :exec
INSERT INTO payout_batches (
    merchant_id, id, mode, reference, total, requests, refused, next_work_at, created_at,
    totals, approval, maker_id, maker_email, decider_id, decider_email, decided_at
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16);

-- name: GetBatch :one
SELECT * FROM payout_batches WHERE merchant_id = $1 AND id = $2;

-- name: ListBatches :many
SELECT * FROM payout_batches
WHERE merchant_id = sqlc.arg(merchant_id) AND mode = sqlc.arg(mode) AND id < sqlc.arg(before)
ORDER BY id DESC LIMIT CAST(sqlc.arg(count) AS bigint);

-- name: ListOpenBatches :many
SELECT * FROM payout_batches
WHERE merchant_id = $1 AND mode = $2 AND (next_work_at > 0 OR approval = 'awaiting');

-- name: FinishBatch :execrows
UPDATE payout_batches SET refused = sqlc.arg(refused), next_work_at = 0
WHERE merchant_id = sqlc.arg(merchant_id) AND id = sqlc.arg(id);

-- name: DecideBatch :execrows
-- DecideBatch lets a held batch go, or ends it, once; never by who made it,
-- unless to end it.
UPDATE payout_batches SET
    approval = sqlc.arg(approval), decider_id = sqlc.arg(decider_id), decider_email = sqlc.arg(decider_email),
    decided_at = sqlc.arg(decided_at), next_work_at = sqlc.arg(next_work_at)
WHERE merchant_id = sqlc.arg(merchant_id) AND id = sqlc.arg(id) AND approval = 'awaiting'
  AND (CAST(sqlc.arg(approval) AS text) = 'rejected' OR maker_id <> sqlc.arg(decider_id));

-- name: CountBatchPayouts :many
-- CountBatchPayouts counts the payouts of a page of batches by status.
SELECT parent_id, status, COUNT(*) AS payouts FROM transactions
WHERE merchant_id = sqlc.arg(merchant_id) AND parent_id <> ''
  AND parent_id >= sqlc.arg(oldest) AND parent_id <= sqlc.arg(newest)
GROUP BY parent_id, status;

-- name: ListPayoutLimits :many
SELECT * FROM payout_limits WHERE merchant_id = $1 AND mode = $2 ORDER BY currency;

-- name: PutPayoutLimit :exec
INSERT INTO payout_limits (merchant_id, mode, currency, amount) VALUES ($1, $2, $3, $4)
ON CONFLICT (merchant_id, mode, currency) DO UPDATE SET amount = excluded.amount;

-- name: DeletePayoutLimit :execrows
DELETE FROM payout_limits WHERE merchant_id = $1 AND mode = $2 AND currency = $3;

-- name: GetBatchByReference :one
SELECT * FROM payout_batches WHERE merchant_id = $1 AND mode = $2 AND reference = $3;
