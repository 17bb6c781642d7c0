-- name: InsertSession :exec
INSERT INTO sessions (token_hash, merchant_id, user_id, mode, created_at, seen_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: GetSession :one
SELECT s.token_hash, s.merchant_id, s.user_id, s.mode, s.created_at, s.seen_at, s.expires_at,
    u.email, u.role, m.name AS merchant_name
FROM sessions s
JOIN users u ON u.id = s.user_id
JOIN merchants m ON m.id = s.merchant_id
WHERE s.token_hash = $1;

-- name: TouchSession :execrows
UPDATE sessions SET seen_at = sqlc.arg(seen_at) WHERE token_hash = sqlc.arg(token_hash) AND seen_at < sqlc.arg(seen_at);

-- name: SetSessionMode :execrows
UPDATE sessions SET mode = sqlc.arg(mode) WHERE token_hash = sqlc.arg(token_hash);

-- name: DeleteSession :execrows
DELETE FROM sessions WHERE token_hash = $1;

-- name: DeleteUserSessions :execrows
DELETE FROM sessions WHERE merchant_id = sqlc.arg(merchant_id) AND user_id = sqlc.arg(user_id)
  AND token_hash <> sqlc.arg(except_hash);

-- name: PurgeSessions :execrows
DELETE FROM sessions WHERE token_hash IN (
    SELECT s.token_hash FROM sessions s WHERE s.expires_at <= sqlc.arg(now) LIMIT CAST(sqlc.arg(count) AS bigint)
);

-- name: CountSignInAttempt :one
-- CountSignInAttempt counts a try before the password is looked at, so that
-- many at once can't all pass a limit that none has reached yet.
INSERT INTO sign_in_attempts (key_hash, tries, window_until)
VALUES (sqlc.arg(key_hash), 1, sqlc.arg(window_until))
ON CONFLICT (key_hash) DO UPDATE SET
    tries = CASE WHEN sign_in_attempts.window_until <= CAST(sqlc.arg(now) AS bigint) THEN 1 ELSE sign_in_attempts.tries + 1 END,
    window_until = CASE WHEN sign_in_attempts.window_until <= CAST(sqlc.arg(now) AS bigint)
        THEN excluded.window_until ELSE sign_in_attempts.window_until END
RETURNING tries;

-- name: ForgetSignInAttempts :execrows
DELETE FROM sign_in_attempts WHERE key_hash = $1;

-- name: ForgiveSignInAttempt :execrows
UPDATE sign_in_attempts SET tries = tries - 1 WHERE key_hash = $1 AND tries > 0;

-- name: PurgeSignInAttempts :execrows
DELETE FROM sign_in_attempts WHERE key_hash IN (
    SELECT a.key_hash FROM sign_in_attempts a WHERE a.window_until <= sqlc.arg(now) LIMIT CAST(sqlc.arg(count) AS bigint)
);

-- name: GetSecondFactor :one
SELECT * FROM second_factors WHERE merchant_id = $1 AND user_id = $2;

-- name: OfferSecondFactor :execrows
-- OfferSecondFactor replaces an authenticator that was never confirmed, no other.
INSERT INTO second_factors (merchant_id, user_id, secret, confirmed, last_step) VALUES ($1, $2, $3, FALSE, 0)
ON CONFLICT (merchant_id, user_id) DO UPDATE SET secret = excluded.secret WHERE second_factors.confirmed = FALSE;

-- name: UseSecondFactor :execrows
-- UseSecondFactor takes a step once, however many bring its code.
UPDATE second_factors SET last_step = sqlc.arg(step), confirmed = TRUE
WHERE merchant_id = sqlc.arg(merchant_id) AND user_id = sqlc.arg(user_id) AND last_step < sqlc.arg(step);

-- name: DeleteSecondFactor :execrows
DELETE FROM second_factors WHERE merchant_id = $1 AND user_id = $2;

-- name: GetUser :one
SELECT * FROM users WHERE merchant_id = $1 AND id = $2;

-- name: ListUsers :many
SELECT * FROM users WHERE merchant_id = $1 ORDER BY created_at, id;

-- name: DeleteUser :execrows
DELETE FROM users WHERE merchant_id = $1 AND id = $2 AND role <> 'owner';

-- name: SetPassword :execrows
UPDATE users SET password_hash = sqlc.arg(password_hash)
WHERE merchant_id = sqlc.arg(merchant_id) AND id = sqlc.arg(id);

-- name: EnsureAuditHead :exec
INSERT INTO audit_heads (merchant_id, sequence, hash) VALUES ($1, 0, '')
ON CONFLICT (merchant_id) DO NOTHING;

-- name: NextAudit :one
-- NextAudit locks the head until the entry that follows is committed.
UPDATE audit_heads SET sequence = sequence + 1 WHERE merchant_id = $1 RETURNING sequence, hash;

-- name: SetAuditHead :exec
UPDATE audit_heads SET hash = sqlc.arg(hash) WHERE merchant_id = sqlc.arg(merchant_id);

-- name: GetAuditHead :one
SELECT * FROM audit_heads WHERE merchant_id = $1;

-- name: InsertAudit :exec
INSERT INTO audit_entries (merchant_id, sequence, user_id, email, address, mode, action, subject, detail, hash, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: ListAudit :many
SELECT * FROM audit_entries
WHERE merchant_id = sqlc.arg(merchant_id) AND sequence < sqlc.arg(before)
ORDER BY sequence DESC LIMIT CAST(sqlc.arg(count) AS bigint);

-- name: WalkAudit :many
SELECT * FROM audit_entries
WHERE merchant_id = sqlc.arg(merchant_id) AND sequence > sqlc.arg(after)
ORDER BY sequence LIMIT CAST(sqlc.arg(count) AS bigint);

-- name: PageTransactions :many
-- PageTransactions reads by key; ids of one kind sort by time, so that a date
-- is a bound of the id.
SELECT * FROM transactions
WHERE merchant_id = sqlc.arg(merchant_id) AND mode = sqlc.arg(mode) AND kind = sqlc.arg(kind)
  AND id < sqlc.arg(before) AND id >= sqlc.arg(since)
  AND (CAST(sqlc.arg(status) AS text) = '' OR status = sqlc.arg(status))
ORDER BY id DESC LIMIT CAST(sqlc.arg(count) AS bigint);

-- name: PageTransactionsByPhone :many
SELECT * FROM transactions
WHERE merchant_id = sqlc.arg(merchant_id) AND mode = sqlc.arg(mode) AND phone = sqlc.arg(phone) AND phone <> ''
  AND kind = sqlc.arg(kind) AND id < sqlc.arg(before) AND id >= sqlc.arg(since)
  AND (CAST(sqlc.arg(status) AS text) = '' OR status = sqlc.arg(status))
ORDER BY id DESC LIMIT CAST(sqlc.arg(count) AS bigint);

-- name: ListTransactionsByReference :many
-- ListTransactionsByReference is not narrowed by id: one reference has a handful
-- of transactions, and SQLite would rather walk the primary key.
SELECT * FROM transactions
WHERE merchant_id = sqlc.arg(merchant_id) AND mode = sqlc.arg(mode) AND reference = sqlc.arg(reference)
ORDER BY created_at DESC LIMIT CAST(sqlc.arg(count) AS bigint);

-- name: ListTransactionPostings :many
SELECT * FROM ledger_entries WHERE merchant_id = $1 AND transaction_id = $2 ORDER BY created_at, id;

-- name: ListFailedDeliveries :many
SELECT * FROM deliveries
WHERE merchant_id = sqlc.arg(merchant_id) AND target = sqlc.arg(target) AND status = 'failed'
ORDER BY id DESC LIMIT CAST(sqlc.arg(count) AS bigint);

-- name: RevokeAPIKey :execrows
-- RevokeAPIKey ends a key, never later than it would end anyway.
UPDATE api_keys SET revoked_at = sqlc.arg(revoked_at)
WHERE merchant_id = sqlc.arg(merchant_id) AND key_hash = sqlc.arg(key_hash)
  AND (revoked_at = 0 OR revoked_at > sqlc.arg(revoked_at));

-- name: SetConnectionEnabled :execrows
UPDATE connections SET enabled = sqlc.arg(enabled)
WHERE merchant_id = sqlc.arg(merchant_id) AND mode = sqlc.arg(mode) AND id = sqlc.arg(id);

-- name: CountAcknowledgements :many
-- CountAcknowledgements counts a dialect's latest test notifications by type and
-- by what the merchant's acknowledgement was worth, each transaction's once.
SELECT type, verdict, COUNT(DISTINCT transaction_id) AS n FROM (
    SELECT d.type, d.verdict, d.transaction_id FROM deliveries AS d
    WHERE d.merchant_id = $1 AND d.target = $2 AND d.mode = 'test' AND d.verdict <> ''
    ORDER BY d.id DESC LIMIT 500
) AS latest GROUP BY type, verdict ORDER BY type, verdict;
