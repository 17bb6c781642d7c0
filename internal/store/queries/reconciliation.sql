-- name: InsertReconciliationRun :exec
INSERT INTO reconciliation_runs (
    merchant_id, id, mode, connection_id, file_name, sha256, started_by, status, problem,
    line_count, figures, from_at, to_at, created_at, updated_at
) VALUES ($1, $2, $3, $4, $5, '', $6, 'running', '', 0, '{}', $7, $8, $9, $10);

-- name: CountReconciliationsAtWork :one
SELECT COUNT(*) FROM reconciliation_runs
WHERE merchant_id = sqlc.arg(merchant_id) AND connection_id = sqlc.arg(connection_id)
  AND status = 'running' AND updated_at > sqlc.arg(alive_after);

-- name: TouchReconciliationRun :execrows
UPDATE reconciliation_runs SET line_count = sqlc.arg(line_count), updated_at = sqlc.arg(updated_at)
WHERE merchant_id = sqlc.arg(merchant_id) AND id = sqlc.arg(id) AND status = 'running';

-- name: EndReconciliationRun :execrows
UPDATE reconciliation_runs SET
    sha256 = sqlc.arg(sha256), status = sqlc.arg(status), problem = sqlc.arg(problem), line_count = sqlc.arg(line_count),
    figures = sqlc.arg(figures), from_at = sqlc.arg(from_at), to_at = sqlc.arg(to_at), updated_at = sqlc.arg(updated_at)
WHERE merchant_id = sqlc.arg(merchant_id) AND id = sqlc.arg(id);

-- name: GetReconciliationRun :one
SELECT * FROM reconciliation_runs WHERE merchant_id = $1 AND id = $2;

-- name: ListReconciliationRuns :many
SELECT * FROM reconciliation_runs
WHERE merchant_id = sqlc.arg(merchant_id) AND mode = sqlc.arg(mode) AND id < sqlc.arg(before)
ORDER BY id DESC LIMIT CAST(sqlc.arg(count) AS bigint);

-- name: WalkSettled :many
-- WalkSettled reads what was settled over a connection, in the order of the
-- books: one entry of each journal says the whole amount.
SELECT id, transaction_id, account, amount, currency, created_at FROM ledger_entries
WHERE merchant_id = sqlc.arg(merchant_id) AND mode = sqlc.arg(mode)
  AND id > sqlc.arg(after) AND id < sqlc.arg(until)
  AND connection_id = sqlc.arg(connection_id) AND account IN ('payments', 'payouts', 'refunds')
ORDER BY id LIMIT CAST(sqlc.arg(count) AS bigint);

-- name: SaveReconciliationCase :one
-- SaveReconciliationCase records a difference that a run met. One that a person
-- has resolved stays so, unless its figures are others now; one that a later
-- statement had settled is open again.
INSERT INTO reconciliation_cases (
    merchant_id, id, mode, connection_id, about, difference, action, kind, transaction_id, attempt, reference,
    provider_reference, statement_amount, statement_currency, statement_status, ledger_amount, ledger_currency,
    statement_lines, began_at, happened_at, status, resolved_by, note, resolved_at, first_run_id, last_run_id, covered_run_id, created_at
) VALUES (
    sqlc.arg(merchant_id), sqlc.arg(id), sqlc.arg(mode), sqlc.arg(connection_id), sqlc.arg(about), sqlc.arg(difference),
    sqlc.arg(action), sqlc.arg(kind), sqlc.arg(transaction_id), sqlc.arg(attempt), sqlc.arg(reference),
    sqlc.arg(provider_reference), sqlc.arg(statement_amount), sqlc.arg(statement_currency), sqlc.arg(statement_status),
    sqlc.arg(ledger_amount), sqlc.arg(ledger_currency), sqlc.arg(statement_lines), sqlc.arg(began_at), sqlc.arg(happened_at),
    'open', '', '', 0, sqlc.arg(run_id), sqlc.arg(run_id), sqlc.arg(run_id), sqlc.arg(created_at)
)
ON CONFLICT (merchant_id, connection_id, about, difference) DO UPDATE SET
    status = CASE WHEN reconciliation_cases.resolved_by = ''
            OR reconciliation_cases.statement_amount <> excluded.statement_amount
            OR reconciliation_cases.statement_currency <> excluded.statement_currency
            OR reconciliation_cases.ledger_amount <> excluded.ledger_amount
            OR reconciliation_cases.ledger_currency <> excluded.ledger_currency
        THEN 'open' ELSE reconciliation_cases.status END,
    action = excluded.action, kind = excluded.kind, transaction_id = excluded.transaction_id, attempt = excluded.attempt,
    reference = excluded.reference, provider_reference = excluded.provider_reference,
    statement_amount = excluded.statement_amount, statement_currency = excluded.statement_currency,
    statement_status = excluded.statement_status, ledger_amount = excluded.ledger_amount,
    ledger_currency = excluded.ledger_currency, statement_lines = excluded.statement_lines,
    began_at = excluded.began_at, happened_at = excluded.happened_at, last_run_id = excluded.last_run_id, covered_run_id = excluded.covered_run_id
RETURNING first_run_id, status;

-- name: CloseVanishedCases :execrows
-- CloseVanishedCases settles what a run should have met and did not: its
-- statement spoke of the subject, or covers its time.
UPDATE reconciliation_cases SET status = 'resolved', resolved_by = '', note = '', resolved_at = sqlc.arg(now)
WHERE merchant_id = sqlc.arg(merchant_id) AND connection_id = sqlc.arg(connection_id) AND status = 'open'
  AND last_run_id < sqlc.arg(run_id)
  AND (covered_run_id = sqlc.arg(run_id)
    OR began_at >= CAST(sqlc.arg(from_at) AS bigint) AND happened_at < CAST(sqlc.arg(to_at) AS bigint)
      AND (CAST(sqlc.arg(kinds) AS text) = '' OR kind = '' OR CAST(sqlc.arg(kinds) AS text) LIKE '%' || kind || '%'));

-- name: ResolveReconciliationCase :execrows
UPDATE reconciliation_cases SET status = 'resolved', resolved_by = sqlc.arg(resolved_by), note = sqlc.arg(note), resolved_at = sqlc.arg(resolved_at)
WHERE merchant_id = sqlc.arg(merchant_id) AND id = sqlc.arg(id) AND status = 'open';

-- name: GetReconciliationCase :one
SELECT * FROM reconciliation_cases WHERE merchant_id = $1 AND id = $2;

-- name: ListReconciliationCases :many
SELECT * FROM reconciliation_cases
WHERE merchant_id = sqlc.arg(merchant_id) AND connection_id = sqlc.arg(connection_id) AND id < sqlc.arg(before)
  AND (CAST(sqlc.arg(difference) AS text) = '' OR difference = sqlc.arg(difference))
  AND (CAST(sqlc.arg(status) AS text) = '' OR status = sqlc.arg(status))
  AND (CAST(sqlc.arg(run_id) AS text) = '' OR last_run_id = sqlc.arg(run_id))
ORDER BY id DESC LIMIT CAST(sqlc.arg(count) AS bigint);

-- name: CountOpenCases :many
SELECT connection_id, difference, COUNT(*) AS n FROM reconciliation_cases
WHERE merchant_id = sqlc.arg(merchant_id) AND mode = sqlc.arg(mode) AND status = 'open'
GROUP BY connection_id, difference ORDER BY connection_id, difference;
