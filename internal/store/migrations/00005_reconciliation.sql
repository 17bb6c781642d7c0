-- +goose Up

-- A statement of a provider that was held against the books.
CREATE TABLE reconciliation_runs (
    merchant_id   TEXT   NOT NULL,
    id            TEXT   NOT NULL,
    mode          TEXT   NOT NULL,
    connection_id TEXT   NOT NULL,
    file_name     TEXT   NOT NULL,
    sha256        TEXT   NOT NULL,
    started_by    TEXT   NOT NULL,
    status        TEXT   NOT NULL, -- running, done, failed
    problem       TEXT   NOT NULL,
    line_count    BIGINT NOT NULL,
    figures       TEXT   NOT NULL, -- JSON
    from_at       BIGINT NOT NULL,
    to_at         BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL, -- renewed while it runs
    PRIMARY KEY (merchant_id, id)
);

-- A difference between a statement and the books, until somebody, or a later
-- statement, settles it.
CREATE TABLE reconciliation_cases (
    merchant_id        TEXT   NOT NULL,
    id                 TEXT   NOT NULL,
    mode               TEXT   NOT NULL,
    connection_id      TEXT   NOT NULL,
    about              TEXT   NOT NULL, -- an attempt, or a reference that nobody here knows
    difference         TEXT   NOT NULL,
    action             TEXT   NOT NULL, -- suggested
    kind               TEXT   NOT NULL, -- '' unknown
    transaction_id     TEXT   NOT NULL, -- '' none here
    attempt            BIGINT NOT NULL,
    reference          TEXT   NOT NULL,
    provider_reference TEXT   NOT NULL,
    statement_amount   BIGINT NOT NULL,
    statement_currency TEXT   NOT NULL, -- '' not in the statement
    statement_status   TEXT   NOT NULL,
    ledger_amount      BIGINT NOT NULL,
    ledger_currency    TEXT   NOT NULL, -- '' not in the books
    statement_lines    TEXT   NOT NULL, -- such as 12, 80
    began_at           BIGINT NOT NULL, -- the provider's time lies between these two
    happened_at        BIGINT NOT NULL,
    status             TEXT   NOT NULL, -- open, resolved
    resolved_by        TEXT   NOT NULL, -- '' a later statement
    note               TEXT   NOT NULL,
    resolved_at        BIGINT NOT NULL,
    first_run_id       TEXT   NOT NULL,
    last_run_id        TEXT   NOT NULL, -- the last that met the difference
    covered_run_id     TEXT   NOT NULL, -- the last that spoke of its subject
    created_at         BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, id)
);
CREATE UNIQUE INDEX ux_reconciliation_cases ON reconciliation_cases (merchant_id, connection_id, about, difference);
CREATE INDEX ix_reconciliation_cases_list ON reconciliation_cases (merchant_id, connection_id, id);
CREATE INDEX ix_reconciliation_cases_open ON reconciliation_cases (merchant_id, connection_id, difference, id) WHERE status = 'open';

-- +goose Down
DROP TABLE reconciliation_cases;
DROP TABLE reconciliation_runs;
