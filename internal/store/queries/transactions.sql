-- name: InsertTransaction :exec
INSERT INTO transactions (
    merchant_id, id, mode, kind, status, front, account, reference, front_reference,
    amount, currency, fees, fee_bearer, phone, connection_id, provider, provider_reference,
    parent_id, refunded, checkout_token, submitted, late, overdue, alert, notice_copies,
    attempts, paid_attempt, sequence, checks, details, version,
    created_at, updated_at, completed_at, expires_at, next_check_at
) VALUES (
    $1, $2, $3, $4, $5, $6, $7, $8, $9,
    $10, $11, $12, $13, $14, $15, $16, $17,
    $18, $19, $20, $21, $22, $23, $24, $25,
    $26, $27, $28, $29, $30, $31,
    $32, $33, $34, $35, $36
);

-- name: UpdateTransaction :exec
-- UpdateTransaction fails on the version, which can't be null, where the row is
-- no longer the one that was read: so nobody has to wait for a count of rows.
UPDATE transactions SET
    status = sqlc.arg(status), fees = sqlc.arg(fees), fee_bearer = sqlc.arg(fee_bearer), phone = sqlc.arg(phone),
    connection_id = sqlc.arg(connection_id), provider = sqlc.arg(provider),
    provider_reference = sqlc.arg(provider_reference), refunded = sqlc.arg(refunded),
    submitted = sqlc.arg(submitted), late = sqlc.arg(late), overdue = sqlc.arg(overdue),
    alert = sqlc.arg(alert), notice_copies = sqlc.arg(notice_copies), attempts = sqlc.arg(attempts),
    paid_attempt = sqlc.arg(paid_attempt), sequence = sqlc.arg(sequence), checks = sqlc.arg(checks),
    details = sqlc.arg(details), version = CASE WHEN version = CAST(sqlc.arg(version) AS bigint) THEN version + 1 END,
    updated_at = sqlc.arg(updated_at), completed_at = sqlc.arg(completed_at), expires_at = sqlc.arg(expires_at),
    next_check_at = sqlc.arg(next_check_at)
WHERE merchant_id = sqlc.arg(merchant_id) AND id = sqlc.arg(id);

-- name: GetTransaction :one
SELECT * FROM transactions WHERE merchant_id = $1 AND id = $2;

-- name: GetTransactionByReference :one
SELECT * FROM transactions
WHERE merchant_id = $1 AND mode = $2 AND front = $3 AND account = $4 AND kind = $5 AND reference = $6;

-- name: GetTransactionByReferenceAnyAccount :one
SELECT * FROM transactions
WHERE merchant_id = $1 AND mode = $2 AND front = $3 AND kind = $4 AND reference = $5
ORDER BY created_at, id LIMIT 1;

-- name: GetTransactionByFrontReference :one
SELECT * FROM transactions
WHERE merchant_id = $1 AND mode = $2 AND front = $3 AND front_reference = $4 AND front_reference <> '';

-- name: GetTransactionByToken :one
SELECT * FROM transactions WHERE merchant_id = $1 AND checkout_token = $2;

-- Rows of one transaction are put in order by their time: an order by id would
-- have SQLite walk the primary key through all of the merchant's.

-- name: ListChildren :many
SELECT * FROM transactions WHERE merchant_id = $1 AND parent_id = $2 AND parent_id <> '' ORDER BY created_at, id;

-- name: CountOpen :one
SELECT COUNT(*) FROM transactions WHERE next_check_at > 0;

-- name: InsertAttempt :exec
INSERT INTO attempts (
    merchant_id, transaction_id, number, connection_id, provider, status, reference,
    provider_reference, data, failure, prompted, hint_failed, hinted_at, absent, absent_since,
    lease_until, created_at, updated_at
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18);

-- name: UpdateAttempt :exec
UPDATE attempts SET
    status = sqlc.arg(status), provider_reference = sqlc.arg(provider_reference), data = sqlc.arg(data),
    failure = sqlc.arg(failure), prompted = sqlc.arg(prompted),
    absent = sqlc.arg(absent), absent_since = sqlc.arg(absent_since), lease_until = sqlc.arg(lease_until),
    updated_at = sqlc.arg(updated_at)
WHERE merchant_id = sqlc.arg(merchant_id) AND transaction_id = sqlc.arg(transaction_id) AND number = sqlc.arg(number);

-- name: ListAttempts :many
SELECT * FROM attempts WHERE merchant_id = $1 AND transaction_id = $2 ORDER BY number;

-- name: ListAttemptsWithTransaction :many
SELECT sqlc.embed(transactions), sqlc.embed(attempts) FROM transactions
JOIN attempts ON attempts.merchant_id = transactions.merchant_id AND attempts.transaction_id = transactions.id
WHERE transactions.merchant_id = $1 AND transactions.id = $2
ORDER BY attempts.number;

-- name: GetAttemptByReference :one
SELECT * FROM attempts WHERE merchant_id = $1 AND connection_id = $2 AND reference = $3;

-- name: GetAttemptByProviderReference :one
SELECT * FROM attempts
WHERE merchant_id = $1 AND connection_id = $2 AND provider_reference = $3 AND provider_reference <> ''
ORDER BY created_at DESC LIMIT 1;

-- name: RenewAttemptLease :exec
UPDATE attempts SET lease_until = sqlc.arg(lease_until)
WHERE merchant_id = sqlc.arg(merchant_id) AND transaction_id = sqlc.arg(transaction_id)
  AND number = sqlc.arg(number) AND status = 'submitting';

-- name: SetNextCheck :exec
UPDATE transactions SET next_check_at = sqlc.arg(next_check_at)
WHERE merchant_id = sqlc.arg(merchant_id) AND id = sqlc.arg(id) AND version = sqlc.arg(version);

-- A notification changes what its transaction's attempts say. It bumps the
-- version, so that nobody saves the transaction who has not seen it.

-- name: CheckSoon :exec
-- CheckSoon is what news makes a transaction owe; the questions after it come at
-- short intervals again.
UPDATE transactions SET version = version + 1, checks = 0, next_check_at = CASE
    WHEN next_check_at > 0 AND next_check_at < sqlc.arg(next_check_at) THEN next_check_at
    ELSE sqlc.arg(next_check_at) END
WHERE merchant_id = sqlc.arg(merchant_id) AND id = sqlc.arg(id);

-- name: LeaseCheck :exec
-- LeaseCheck is CheckSoon by whoever has a worker for the check at hand. A check
-- that is due anyway, but not before the worker may have ended, is lease enough.
UPDATE transactions SET version = version + 1, checks = 0, next_check_at = CASE
    WHEN next_check_at BETWEEN sqlc.arg(least) AND sqlc.arg(next_check_at) THEN next_check_at
    ELSE sqlc.arg(next_check_at) END
WHERE merchant_id = sqlc.arg(merchant_id) AND id = sqlc.arg(id);

-- name: GetTransactionVersion :one
SELECT version FROM transactions WHERE merchant_id = $1 AND id = $2;

-- name: MarkHinted :exec
-- MarkHinted notes that a notification spoke of the attempt, later than whatever
-- it may contradict, though that was committed a moment ago.
UPDATE attempts SET hint_failed = (hint_failed OR CAST(sqlc.arg(failed) AS boolean)),
    hint_paid = (hint_paid OR CAST(sqlc.arg(paid) AS boolean)), hinted_at = CASE
    WHEN updated_at >= CAST(sqlc.arg(hinted_at) AS bigint) THEN updated_at + 1
    ELSE CAST(sqlc.arg(hinted_at) AS bigint) END
WHERE merchant_id = sqlc.arg(merchant_id) AND transaction_id = sqlc.arg(transaction_id) AND number = sqlc.arg(number);

-- name: CheckLater :exec
UPDATE transactions SET next_check_at = sqlc.arg(next_check_at)
WHERE merchant_id = sqlc.arg(merchant_id) AND id = sqlc.arg(id)
  AND next_check_at > 0 AND next_check_at < sqlc.arg(next_check_at);

-- name: ListByFrontReference :many
SELECT * FROM transactions
WHERE merchant_id = sqlc.arg(merchant_id) AND mode = sqlc.arg(mode) AND front = sqlc.arg(front)
  AND front_reference <> '' AND front_reference < sqlc.arg(before)
ORDER BY front_reference DESC LIMIT CAST(sqlc.arg(count) AS bigint);
