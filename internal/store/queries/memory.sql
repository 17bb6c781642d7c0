-- name: GetMemory :one
SELECT * FROM memory WHERE key_hash = sqlc.arg(key_hash)
  AND (expires_at = 0 OR expires_at > sqlc.arg(now));

-- name: PutMemory :exec
INSERT INTO memory (key_hash, namespace, merchant_id, value, expires_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (key_hash) DO UPDATE SET
    merchant_id = excluded.merchant_id, value = excluded.value,
    expires_at = excluded.expires_at, updated_at = excluded.updated_at;

-- name: AddMemory :execrows
INSERT INTO memory (key_hash, namespace, merchant_id, value, expires_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (key_hash) DO UPDATE SET
    merchant_id = excluded.merchant_id, value = excluded.value,
    expires_at = excluded.expires_at, updated_at = excluded.updated_at
WHERE memory.expires_at > 0 AND memory.expires_at <= excluded.updated_at;

-- name: DeleteMemory :exec
DELETE FROM memory WHERE key_hash = $1;

-- name: PurgeMemory :execrows
DELETE FROM memory WHERE key_hash IN (
    SELECT m.key_hash FROM memory m
    WHERE m.expires_at > 0 AND m.expires_at <= sqlc.arg(now) LIMIT CAST(sqlc.arg(count) AS bigint)
);

-- name: TakeLease :execrows
INSERT INTO leases (key_hash, holder, expires_at)
VALUES (sqlc.arg(key_hash), sqlc.arg(holder), sqlc.arg(expires_at))
ON CONFLICT (key_hash) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
WHERE leases.expires_at <= sqlc.arg(now);

-- name: ReleaseLease :exec
DELETE FROM leases WHERE key_hash = $1 AND holder = $2;

-- name: InsertIdempotency :exec
-- InsertIdempotency fails on the primary key where the key is taken.
INSERT INTO idempotency (
    merchant_id, mode, key, fingerprint, status, answer, transaction_id, lease_until, created_at, expires_at
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: GetIdempotency :one
SELECT * FROM idempotency WHERE merchant_id = $1 AND mode = $2 AND key = $3;

-- name: BindIdempotency :execrows
UPDATE idempotency SET transaction_id = sqlc.arg(transaction_id)
WHERE merchant_id = sqlc.arg(merchant_id) AND mode = sqlc.arg(mode) AND key = sqlc.arg(key);

-- name: FinishIdempotency :exec
UPDATE idempotency SET status = sqlc.arg(status), answer = sqlc.arg(answer), lease_until = 0
WHERE merchant_id = sqlc.arg(merchant_id) AND mode = sqlc.arg(mode) AND key = sqlc.arg(key);

-- name: TakeOverIdempotency :execrows
UPDATE idempotency SET lease_until = sqlc.arg(lease_until)
WHERE merchant_id = sqlc.arg(merchant_id) AND mode = sqlc.arg(mode) AND key = sqlc.arg(key)
  AND status = 0 AND lease_until = sqlc.arg(seen_lease);

-- name: DeleteIdempotency :execrows
DELETE FROM idempotency WHERE merchant_id = $1 AND mode = $2 AND key = $3 AND status = 0;

-- name: PurgeIdempotency :execrows
DELETE FROM idempotency WHERE (merchant_id, mode, key) IN (
    SELECT i.merchant_id, i.mode, i.key FROM idempotency i
    WHERE i.expires_at <= sqlc.arg(now) LIMIT CAST(sqlc.arg(count) AS bigint)
);
