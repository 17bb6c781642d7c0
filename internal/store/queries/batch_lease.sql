-- name: RenewBatch :exec
-- RenewBatch tells that a batch that is not finished is still at work.
UPDATE payout_batches SET next_work_at = sqlc.arg(next_work_at)
WHERE merchant_id = sqlc.arg(merchant_id) AND id = sqlc.arg(id) AND next_work_at > 0;
