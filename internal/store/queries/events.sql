-- name: InsertEvent :exec
INSERT INTO events (merchant_id, id, mode, transaction_id, sequence, type, snapshot, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: GetEvent :one
SELECT * FROM events WHERE merchant_id = $1 AND id = $2;

-- name: ListEvents :many
SELECT * FROM events
WHERE merchant_id = sqlc.arg(merchant_id) AND mode = sqlc.arg(mode) AND id < sqlc.arg(before)
ORDER BY id DESC LIMIT CAST(sqlc.arg(count) AS bigint);

-- name: ListTransactionEvents :many
SELECT * FROM events WHERE merchant_id = $1 AND transaction_id = $2 ORDER BY sequence;

-- name: InsertEndpoint :exec
INSERT INTO webhook_endpoints (merchant_id, id, mode, url, events, secret, enabled, disabled_because, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: UpdateEndpoint :execrows
UPDATE webhook_endpoints SET url = sqlc.arg(url), events = sqlc.arg(events), secret = sqlc.arg(secret),
    enabled = sqlc.arg(enabled), disabled_because = sqlc.arg(disabled_because)
WHERE merchant_id = sqlc.arg(merchant_id) AND id = sqlc.arg(id);

-- name: DisableEndpoint :execrows
-- DisableEndpoint does nothing to an endpoint that has moved since it was called.
UPDATE webhook_endpoints SET enabled = FALSE, disabled_because = sqlc.arg(disabled_because)
WHERE merchant_id = sqlc.arg(merchant_id) AND id = sqlc.arg(id) AND url = sqlc.arg(url);

-- name: DeleteEndpoint :execrows
DELETE FROM webhook_endpoints WHERE merchant_id = $1 AND mode = $2 AND id = $3;

-- name: GetEndpoint :one
SELECT * FROM webhook_endpoints WHERE merchant_id = $1 AND id = $2;

-- name: ListEndpoints :many
SELECT * FROM webhook_endpoints WHERE merchant_id = $1 AND mode = $2 ORDER BY id;

-- name: InsertDelivery :exec
INSERT INTO deliveries (
    merchant_id, id, mode, transaction_id, event_id, sequence, type, target, status, attempts,
    probed, last_status, last_error, verdict, created_at, completed_at, next_attempt_at
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17);

-- name: RecordDelivery :exec
-- RecordDelivery writes what a try came to, while the lease of who tried holds.
-- It fails on next_attempt_at, which can't be null, where that lease is lost.
UPDATE deliveries SET status = sqlc.arg(status), attempts = sqlc.arg(attempts), probed = sqlc.arg(probed),
    last_status = sqlc.arg(last_status), last_error = sqlc.arg(last_error), verdict = sqlc.arg(verdict),
    completed_at = sqlc.arg(completed_at), next_attempt_at = CASE
        WHEN deliveries.status = 'pending' AND next_attempt_at = CAST(sqlc.arg(lease) AS bigint) THEN CAST(sqlc.arg(next_attempt_at) AS bigint)
    END
WHERE merchant_id = sqlc.arg(merchant_id) AND id = sqlc.arg(id);

-- name: HoldEarlierDelivery :execrows
-- HoldEarlierDelivery locks the first delivery that a later one waits for, so
-- that it can't end between being seen and being waited for. No row: it has ended.
UPDATE deliveries AS held SET status = 'pending'
WHERE held.merchant_id = sqlc.arg(merchant_id) AND held.status = 'pending' AND held.id = (
    SELECT d.id FROM deliveries AS d
    WHERE d.merchant_id = sqlc.arg(merchant_id) AND d.transaction_id = sqlc.arg(transaction_id)
      AND d.target = sqlc.arg(target) AND d.sequence < sqlc.arg(sequence) AND d.status = 'pending'
    ORDER BY d.sequence, d.id LIMIT 1
);

-- name: WakeDeliveries :execresult
UPDATE deliveries SET next_attempt_at = sqlc.arg(next_attempt_at)
WHERE merchant_id = sqlc.arg(merchant_id) AND transaction_id = sqlc.arg(transaction_id)
  AND target = sqlc.arg(target) AND sequence > sqlc.arg(sequence)
  AND status = 'pending' AND last_error = sqlc.arg(waiting);

-- name: FailTargetDeliveries :execrows
-- FailTargetDeliveries gives up what an endpoint that is no more was owed; only
-- pending deliveries have a next attempt. Inside, the merchant's id is wrapped so
-- that SQLite goes through what is due, and not through all there ever was.
UPDATE deliveries SET status = 'failed', last_error = sqlc.arg(last_error),
    completed_at = sqlc.arg(completed_at), next_attempt_at = 0
WHERE deliveries.merchant_id = sqlc.arg(merchant_id) AND deliveries.id IN (
    SELECT d.id FROM deliveries d
    WHERE d.merchant_id || '' = sqlc.arg(merchant_id) AND d.target = sqlc.arg(target)
      AND d.next_attempt_at > 0 AND d.status = 'pending'
) AND status = 'pending';

-- name: GetDelivery :one
SELECT * FROM deliveries WHERE merchant_id = $1 AND id = $2;

-- name: CountEarlierDeliveries :one
SELECT COUNT(*) FROM deliveries
WHERE merchant_id = $1 AND transaction_id = $2 AND target = $3 AND sequence < $4 AND status = 'pending';

-- name: ListTransactionDeliveries :many
SELECT * FROM deliveries WHERE merchant_id = $1 AND transaction_id = $2 ORDER BY sequence, id;

-- name: ListEventDeliveries :many
SELECT * FROM deliveries WHERE merchant_id = $1 AND transaction_id = $2 AND event_id = $3 ORDER BY created_at, id;

-- name: InsertNotification :exec
INSERT INTO notifications (merchant_id, id, connection_id, transaction_id, hint, verified, request, outcome, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: UpdateNotification :execrows
UPDATE notifications SET transaction_id = sqlc.arg(transaction_id), outcome = sqlc.arg(outcome)
WHERE merchant_id = sqlc.arg(merchant_id) AND id = sqlc.arg(id);

-- name: ListTransactionNotifications :many
SELECT * FROM notifications WHERE merchant_id = $1 AND transaction_id = $2 ORDER BY created_at, id;

-- name: InsertExchange :exec
INSERT INTO exchanges (
    merchant_id, id, transaction_id, connection_id, method, url, request, status, response, error, milliseconds, created_at
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- name: ListTransactionExchanges :many
SELECT * FROM exchanges WHERE merchant_id = $1 AND transaction_id = $2 ORDER BY created_at, id;
