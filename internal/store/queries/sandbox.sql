-- name: InsertSandboxOperation :exec
INSERT INTO sandbox_operations (
    merchant_id, id, connection_id, reference, transaction_id, kind, method, operator, phone, amount, currency,
    description, status, script, failure, due_at, created_at, updated_at
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18);

-- name: UpdateSandboxOperation :execrows
UPDATE sandbox_operations SET status = sqlc.arg(status), script = sqlc.arg(script), failure = sqlc.arg(failure),
    due_at = sqlc.arg(due_at), updated_at = sqlc.arg(updated_at)
WHERE merchant_id = sqlc.arg(merchant_id) AND id = sqlc.arg(id) AND updated_at = sqlc.arg(seen_updated_at)
  AND status = sqlc.arg(seen_status);

-- name: GetSandboxOperation :one
SELECT * FROM sandbox_operations WHERE merchant_id = $1 AND id = $2;

-- name: GetSandboxOperationByReference :one
SELECT * FROM sandbox_operations WHERE merchant_id = $1 AND connection_id = $2 AND reference = $3;

-- name: ListSandboxPhone :many
SELECT * FROM sandbox_operations WHERE phone = $1 ORDER BY created_at DESC, id DESC LIMIT 50;

-- name: ListSandboxPrompts :many
SELECT * FROM sandbox_operations WHERE phone = $1 AND status IN ('prompted', 'otp')
ORDER BY created_at DESC, id DESC LIMIT 50;

-- name: CountSandboxPrompts :one
SELECT COUNT(*) FROM sandbox_operations
WHERE merchant_id = $1 AND transaction_id = $2 AND id <> $3 AND status IN ('prompted', 'otp', 'challenge');

-- name: ListSandboxPhones :many
SELECT phone, CAST(MAX(created_at) AS bigint) AS last_at FROM sandbox_operations
WHERE phone <> '' GROUP BY phone ORDER BY 2 DESC LIMIT 50;

-- name: InsertSandboxMessage :exec
INSERT INTO sandbox_messages (id, phone, text, created_at) VALUES ($1, $2, $3, $4);

-- name: ListSandboxMessages :many
SELECT * FROM sandbox_messages WHERE phone = $1 ORDER BY id DESC LIMIT 50;
