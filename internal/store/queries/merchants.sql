-- name: InsertMerchant :exec
INSERT INTO merchants (id, name, email, created_at) VALUES ($1, $2, $3, $4);

-- name: GetMerchant :one
SELECT * FROM merchants WHERE id = $1;

-- name: GetMerchantByName :one
SELECT * FROM merchants WHERE name = $1;

-- name: ListMerchants :many
SELECT * FROM merchants ORDER BY name;

-- name: InsertUser :exec
INSERT INTO users (id, merchant_id, email, password_hash, role, created_at) VALUES ($1, $2, $3, $4, $5, $6);

-- name: GetUserByEmail :one
SELECT * FROM users WHERE email = $1;

-- name: InsertAPIKey :exec
INSERT INTO api_keys (key_hash, merchant_id, mode, hint, created_at, revoked_at, name, scopes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: GetAPIKey :one
SELECT * FROM api_keys WHERE key_hash = $1;

-- name: RevokeAPIKeys :execrows
UPDATE api_keys SET revoked_at = sqlc.arg(revoked_at)
WHERE merchant_id = sqlc.arg(merchant_id) AND mode = sqlc.arg(mode)
  AND (revoked_at = 0 OR revoked_at > sqlc.arg(revoked_at));

-- name: ListAPIKeys :many
SELECT * FROM api_keys WHERE merchant_id = $1 ORDER BY created_at;

-- name: InsertConnection :exec
INSERT INTO connections (
    merchant_id, id, mode, provider, name, credentials, settings, hook_hash, enabled, next_maintain_at, created_at
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: UpdateConnection :execrows
UPDATE connections SET name = sqlc.arg(name), credentials = sqlc.arg(credentials), settings = sqlc.arg(settings),
    enabled = sqlc.arg(enabled), next_maintain_at = sqlc.arg(next_maintain_at)
WHERE merchant_id = sqlc.arg(merchant_id) AND id = sqlc.arg(id);

-- name: SetConnectionMaintenance :execrows
UPDATE connections SET next_maintain_at = sqlc.arg(next_maintain_at)
WHERE merchant_id = sqlc.arg(merchant_id) AND id = sqlc.arg(id);

-- name: GetConnection :one
SELECT * FROM connections WHERE merchant_id = $1 AND id = $2;

-- name: GetConnectionByHook :one
SELECT * FROM connections WHERE hook_hash = $1;

-- name: ListConnections :many
SELECT * FROM connections WHERE merchant_id = $1 AND mode = $2 ORDER BY created_at, id;

-- name: InsertRoute :exec
INSERT INTO routes (
    merchant_id, id, mode, position, kind, method, currency, country, operator, front, connection_id, enabled, created_at
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- name: DeleteRoute :execrows
DELETE FROM routes WHERE merchant_id = $1 AND mode = $2 AND id = $3;

-- name: GetRoute :one
SELECT * FROM routes WHERE merchant_id = $1 AND mode = $2 AND id = $3;

-- name: ListRoutes :many
SELECT * FROM routes WHERE merchant_id = $1 AND mode = $2 ORDER BY position, id;

-- name: InsertFeeSchedule :exec
INSERT INTO fee_schedules (
    merchant_id, id, kind, operator, currency, basis_points, fixed, minimum, maximum, bearer, created_at
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: DeleteFeeSchedule :execrows
DELETE FROM fee_schedules WHERE merchant_id = $1 AND id = $2;

-- name: ListFeeSchedules :many
SELECT * FROM fee_schedules WHERE merchant_id = $1 ORDER BY kind, currency, operator;
