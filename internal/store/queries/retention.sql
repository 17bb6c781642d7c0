-- Ids sort by the time of their making: stamp is that part of an id (pay.Stamp).

-- name: OwesDeliveryPurge :many
SELECT m.id FROM merchants m WHERE EXISTS (
    SELECT 1 FROM deliveries d
    WHERE d.merchant_id = m.id AND d.id < 'dlv_' || m.id || CAST(sqlc.arg(stamp) AS text)
      AND d.status <> 'pending' AND d.completed_at < sqlc.arg(ended)
) ORDER BY m.id;

-- name: PurgeDeliveries :execrows
DELETE FROM deliveries WHERE deliveries.merchant_id = sqlc.arg(merchant_id) AND deliveries.id IN (
    SELECT d.id FROM deliveries d
    WHERE d.merchant_id = sqlc.arg(merchant_id) AND d.id < sqlc.arg(before)
      AND d.status <> 'pending' AND d.completed_at < sqlc.arg(ended)
    ORDER BY d.id LIMIT CAST(sqlc.arg(count) AS bigint)
);

-- name: OwesExchangePurge :many
SELECT m.id FROM merchants m WHERE EXISTS (
    SELECT 1 FROM exchanges x WHERE x.merchant_id = m.id AND x.id < 'x_' || m.id || CAST(sqlc.arg(stamp) AS text)
) ORDER BY m.id;

-- name: PurgeExchanges :execrows
DELETE FROM exchanges WHERE exchanges.merchant_id = sqlc.arg(merchant_id) AND exchanges.id IN (
    SELECT x.id FROM exchanges x
    WHERE x.merchant_id = sqlc.arg(merchant_id) AND x.id < sqlc.arg(before)
    ORDER BY x.id LIMIT CAST(sqlc.arg(count) AS bigint)
);

-- name: OwesNotificationPurge :many
SELECT m.id FROM merchants m WHERE EXISTS (
    SELECT 1 FROM notifications n WHERE n.merchant_id = m.id AND n.id < 'ntf_' || m.id || CAST(sqlc.arg(stamp) AS text)
) ORDER BY m.id;

-- name: PurgeNotifications :execrows
DELETE FROM notifications WHERE notifications.merchant_id = sqlc.arg(merchant_id) AND notifications.id IN (
    SELECT n.id FROM notifications n
    WHERE n.merchant_id = sqlc.arg(merchant_id) AND n.id < sqlc.arg(before)
    ORDER BY n.id LIMIT CAST(sqlc.arg(count) AS bigint)
);

-- name: OwesOperationPurge :many
SELECT m.id FROM merchants m WHERE EXISTS (
    SELECT 1 FROM sandbox_operations o
    WHERE o.merchant_id = m.id AND o.id < 'op_' || m.id || CAST(sqlc.arg(stamp) AS text)
      AND o.due_at = 0 AND o.status IN ('succeeded', 'failed', 'canceled') AND o.updated_at < sqlc.arg(ended)
) ORDER BY m.id;

-- name: PurgeOperations :execrows
DELETE FROM sandbox_operations WHERE sandbox_operations.merchant_id = sqlc.arg(merchant_id) AND sandbox_operations.id IN (
    SELECT o.id FROM sandbox_operations o
    WHERE o.merchant_id = sqlc.arg(merchant_id) AND o.id < sqlc.arg(before)
      AND o.due_at = 0 AND o.status IN ('succeeded', 'failed', 'canceled') AND o.updated_at < sqlc.arg(ended)
    ORDER BY o.id LIMIT CAST(sqlc.arg(count) AS bigint)
);

-- name: PurgeMessages :execrows
DELETE FROM sandbox_messages WHERE sandbox_messages.id IN (
    SELECT s.id FROM sandbox_messages s WHERE s.id < sqlc.arg(before) ORDER BY s.id LIMIT CAST(sqlc.arg(count) AS bigint)
);

-- name: GetErasureCursor :one
SELECT id FROM erasure_cursors WHERE merchant_id = $1 AND prefix = $2;

-- name: SetErasureCursor :exec
INSERT INTO erasure_cursors (merchant_id, prefix, id) VALUES ($1, $2, $3)
ON CONFLICT (merchant_id, prefix) DO UPDATE SET id = excluded.id;

-- name: PutErasure :exec
-- PutErasure keeps what somebody asked for when the policy comes along later.
INSERT INTO erasures (merchant_id, id, asked, due_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (merchant_id, id) DO UPDATE SET asked = (erasures.asked OR excluded.asked), due_at = excluded.due_at;

-- name: ListDueErasures :many
SELECT * FROM erasures WHERE due_at <= sqlc.arg(now) ORDER BY due_at LIMIT CAST(sqlc.arg(count) AS bigint);

-- name: DeleteErasure :exec
DELETE FROM erasures WHERE merchant_id = $1 AND id = $2;

-- name: WalkTransactions :many
SELECT * FROM transactions
WHERE merchant_id = sqlc.arg(merchant_id) AND id > sqlc.arg(after) AND id < sqlc.arg(before)
ORDER BY id LIMIT CAST(sqlc.arg(count) AS bigint);

-- name: WalkSnapshots :many
SELECT id, transaction_id, snapshot FROM events
WHERE merchant_id = sqlc.arg(merchant_id) AND id > sqlc.arg(after)
ORDER BY id LIMIT CAST(sqlc.arg(count) AS bigint);

-- name: WalkBatches :many
SELECT * FROM payout_batches
WHERE merchant_id = sqlc.arg(merchant_id) AND id > sqlc.arg(after) AND id < sqlc.arg(before)
ORDER BY id LIMIT CAST(sqlc.arg(count) AS bigint);

-- name: CountPendingDeliveries :one
SELECT COUNT(*) FROM deliveries WHERE merchant_id = $1 AND transaction_id = $2 AND status = 'pending';

-- name: EraseBatch :execrows
UPDATE payout_batches SET requests = sqlc.arg(requests)
WHERE merchant_id = sqlc.arg(merchant_id) AND id = sqlc.arg(id);

-- name: EraseEvent :execrows
UPDATE events SET snapshot = sqlc.arg(snapshot) WHERE merchant_id = sqlc.arg(merchant_id) AND id = sqlc.arg(id);

-- name: EraseExchanges :execrows
UPDATE exchanges SET url = '', request = '', response = '', error = ''
WHERE merchant_id = $1 AND transaction_id = $2 AND (url <> '' OR request <> '' OR response <> '' OR error <> '');

-- name: EraseNotifications :execrows
UPDATE notifications SET request = '' WHERE merchant_id = $1 AND transaction_id = $2 AND request <> '';

-- name: EraseNotification :execrows
UPDATE notifications SET request = '' WHERE merchant_id = $1 AND id = $2;

-- name: EraseDeliveries :execrows
UPDATE deliveries SET last_error = '' WHERE merchant_id = $1 AND transaction_id = $2 AND last_error <> '';

-- name: EraseOperations :execrows
UPDATE sandbox_operations SET phone = '', description = '', script = '{"tells":0}', failure = '{}'
WHERE merchant_id = $1 AND transaction_id = $2 AND status IN ('succeeded', 'failed', 'canceled') AND due_at = 0;

-- name: ErasePhoneOperations :execrows
UPDATE sandbox_operations SET phone = '', description = '', script = '{"tells":0}', failure = '{}'
WHERE merchant_id = $1 AND phone = $2 AND status IN ('succeeded', 'failed', 'canceled') AND due_at = 0;

-- name: EraseMessages :execrows
DELETE FROM sandbox_messages WHERE phone = $1;

-- name: WalkUnknownNotifications :many
-- WalkUnknownNotifications reads those that speak of nothing we know.
SELECT id, request FROM notifications
WHERE merchant_id = sqlc.arg(merchant_id) AND transaction_id = '' AND id > sqlc.arg(after) AND request <> ''
ORDER BY id LIMIT CAST(sqlc.arg(count) AS bigint);
