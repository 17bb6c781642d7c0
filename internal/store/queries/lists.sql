-- name: PageTransactionsByStatus :many
-- PageTransactionsByStatus is for statuses that are few among many; its index
-- leaves out what succeeded, which PageTransactions finds at once.
SELECT * FROM transactions
WHERE merchant_id = sqlc.arg(merchant_id) AND mode = sqlc.arg(mode) AND kind = sqlc.arg(kind)
  AND status = sqlc.arg(status) AND status <> 'succeeded'
  AND id < sqlc.arg(before) AND id >= sqlc.arg(since)
ORDER BY id DESC LIMIT CAST(sqlc.arg(count) AS bigint);
