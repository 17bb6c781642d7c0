-- Every sealed column is walked by key and rewritten where it is still what was
-- read: what was sealed anew meanwhile is under the current key anyway.

-- name: WalkSealedConnections :many
SELECT merchant_id, id, credentials FROM connections
WHERE (merchant_id, id) > (sqlc.arg(after_merchant), sqlc.arg(after_id))
ORDER BY merchant_id, id LIMIT CAST(sqlc.arg(count) AS bigint);

-- name: ResealConnection :execrows
UPDATE connections SET credentials = sqlc.arg(fresh)
WHERE merchant_id = sqlc.arg(merchant_id) AND id = sqlc.arg(id) AND credentials = sqlc.arg(was);

-- name: WalkSealedEndpoints :many
SELECT merchant_id, id, secret FROM webhook_endpoints
WHERE (merchant_id, id) > (sqlc.arg(after_merchant), sqlc.arg(after_id))
ORDER BY merchant_id, id LIMIT CAST(sqlc.arg(count) AS bigint);

-- name: ResealEndpoint :execrows
UPDATE webhook_endpoints SET secret = sqlc.arg(fresh)
WHERE merchant_id = sqlc.arg(merchant_id) AND id = sqlc.arg(id) AND secret = sqlc.arg(was);

-- name: WalkSealedFactors :many
SELECT merchant_id, user_id, secret FROM second_factors
WHERE (merchant_id, user_id) > (sqlc.arg(after_merchant), sqlc.arg(after_user))
ORDER BY merchant_id, user_id LIMIT CAST(sqlc.arg(count) AS bigint);

-- name: ResealFactor :execrows
UPDATE second_factors SET secret = sqlc.arg(fresh)
WHERE merchant_id = sqlc.arg(merchant_id) AND user_id = sqlc.arg(user_id) AND secret = sqlc.arg(was);

-- name: WalkSealedMemory :many
SELECT key_hash, value FROM memory WHERE key_hash > sqlc.arg(after)
ORDER BY key_hash LIMIT CAST(sqlc.arg(count) AS bigint);

-- name: ResealMemory :execrows
UPDATE memory SET value = sqlc.arg(fresh) WHERE key_hash = sqlc.arg(key_hash) AND value = sqlc.arg(was);

-- name: WalkSealedAnswers :many
SELECT merchant_id, mode, key, answer FROM idempotency
WHERE (merchant_id, mode, key) > (sqlc.arg(after_merchant), sqlc.arg(after_mode), sqlc.arg(after_key))
ORDER BY merchant_id, mode, key LIMIT CAST(sqlc.arg(count) AS bigint);

-- name: ResealAnswer :execrows
UPDATE idempotency SET answer = sqlc.arg(fresh)
WHERE merchant_id = sqlc.arg(merchant_id) AND mode = sqlc.arg(mode) AND key = sqlc.arg(key) AND answer = sqlc.arg(was);
