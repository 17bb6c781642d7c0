-- name: GetCountedEvent :one
SELECT event_id FROM counted_events WHERE merchant_id = $1 AND mode = $2;

-- name: BeginCountedEvents :exec
INSERT INTO counted_events (merchant_id, mode, event_id) VALUES ($1, $2, '')
ON CONFLICT (merchant_id, mode) DO NOTHING;

-- name: SetCountedEvent :execrows
-- SetCountedEvent moves on only from where the counting began, so that what
-- two nodes counted at once is kept once.
UPDATE counted_events SET event_id = sqlc.arg(event_id)
WHERE merchant_id = sqlc.arg(merchant_id) AND mode = sqlc.arg(mode) AND event_id = sqlc.arg(was);

-- name: WalkEvents :many
SELECT id, type, snapshot, created_at FROM events
WHERE merchant_id = sqlc.arg(merchant_id) AND mode = sqlc.arg(mode) AND id > sqlc.arg(after) AND id < sqlc.arg(before)
ORDER BY id LIMIT CAST(sqlc.arg(count) AS bigint);

-- name: AddPaymentHour :exec
INSERT INTO payment_hours (merchant_id, mode, hour, operator, currency, bucket, n, amount)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (merchant_id, mode, hour, operator, currency, bucket) DO UPDATE SET
    n = payment_hours.n + excluded.n, amount = payment_hours.amount + excluded.amount;

-- name: SumPaymentHours :many
-- SumPaymentHours reads a row per hour, operator, currency and bucket with
-- payments in it: a few thousand for 30 days, however many payments there were.
SELECT CAST(hour - hour % CAST(sqlc.arg(step) AS bigint) AS bigint) AS slot, operator, currency, bucket,
    CAST(SUM(n) AS bigint) AS n, CAST(SUM(amount) AS bigint) AS amount
FROM payment_hours
WHERE merchant_id = sqlc.arg(merchant_id) AND mode = sqlc.arg(mode)
  AND hour >= sqlc.arg(since) AND hour < sqlc.arg(before)
GROUP BY slot, operator, currency, bucket
ORDER BY slot, operator, currency, bucket;
