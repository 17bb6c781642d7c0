-- +goose Up

-- Times are BIGINT milliseconds UTC, 0 for none; JSON is TEXT; amounts are
-- BIGINT minor units. Tables that grow lead their primary key with merchant_id.

CREATE TABLE merchants (
    id         TEXT   NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    email      TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX ux_merchants_name ON merchants (name);

CREATE TABLE users (
    id            TEXT   NOT NULL PRIMARY KEY,
    merchant_id   TEXT   NOT NULL REFERENCES merchants (id),
    email         TEXT   NOT NULL,
    password_hash TEXT   NOT NULL,
    role          TEXT   NOT NULL,
    created_at    BIGINT NOT NULL
);
CREATE UNIQUE INDEX ux_users_email ON users (email);

CREATE TABLE api_keys (
    key_hash    TEXT   NOT NULL PRIMARY KEY,
    merchant_id TEXT   NOT NULL REFERENCES merchants (id),
    mode        TEXT   NOT NULL,
    hint        TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    revoked_at  BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX ix_api_keys_merchant ON api_keys (merchant_id, mode);

CREATE TABLE connections (
    merchant_id      TEXT    NOT NULL REFERENCES merchants (id),
    id               TEXT    NOT NULL,
    mode             TEXT    NOT NULL,
    provider         TEXT    NOT NULL,
    name             TEXT    NOT NULL,
    credentials      TEXT    NOT NULL, -- sealed JSON
    settings         TEXT    NOT NULL, -- JSON
    hook_hash        TEXT    NOT NULL,
    enabled          BOOLEAN NOT NULL,
    next_maintain_at BIGINT  NOT NULL DEFAULT 0,
    created_at       BIGINT  NOT NULL,
    PRIMARY KEY (merchant_id, id)
);
CREATE UNIQUE INDEX ux_connections_hook ON connections (hook_hash);
CREATE INDEX ix_connections_due ON connections (next_maintain_at) WHERE next_maintain_at > 0;

CREATE TABLE routes (
    merchant_id   TEXT    NOT NULL REFERENCES merchants (id),
    id            TEXT    NOT NULL,
    mode          TEXT    NOT NULL,
    position      BIGINT  NOT NULL,
    kind          TEXT    NOT NULL, -- '' any
    method        TEXT    NOT NULL, -- '' any
    currency      TEXT    NOT NULL, -- '' any
    country       TEXT    NOT NULL, -- '' any
    operator      TEXT    NOT NULL, -- '' any
    front         TEXT    NOT NULL, -- '' any
    connection_id TEXT    NOT NULL,
    enabled       BOOLEAN NOT NULL,
    created_at    BIGINT  NOT NULL,
    PRIMARY KEY (merchant_id, id)
);

CREATE TABLE fee_schedules (
    merchant_id  TEXT   NOT NULL REFERENCES merchants (id),
    id           TEXT   NOT NULL,
    kind         TEXT   NOT NULL,
    operator     TEXT   NOT NULL, -- '' any
    currency     TEXT   NOT NULL,
    basis_points BIGINT NOT NULL,
    fixed        BIGINT NOT NULL,
    minimum      BIGINT NOT NULL,
    maximum      BIGINT NOT NULL, -- 0 none
    bearer       TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, id)
);
CREATE UNIQUE INDEX ux_fee_schedules ON fee_schedules (merchant_id, kind, operator, currency);

CREATE TABLE transactions (
    merchant_id        TEXT    NOT NULL,
    id                 TEXT    NOT NULL,
    mode               TEXT    NOT NULL,
    kind               TEXT    NOT NULL,
    status             TEXT    NOT NULL,
    front              TEXT    NOT NULL,
    account            TEXT    NOT NULL,
    reference          TEXT    NOT NULL,
    front_reference    TEXT    NOT NULL,
    amount             BIGINT  NOT NULL,
    currency           TEXT    NOT NULL,
    fees               BIGINT  NOT NULL,
    fee_bearer         TEXT    NOT NULL,
    phone              TEXT    NOT NULL,
    connection_id      TEXT    NOT NULL,
    provider           TEXT    NOT NULL,
    provider_reference TEXT    NOT NULL,
    parent_id          TEXT    NOT NULL,
    refunded           BIGINT  NOT NULL,
    checkout_token     TEXT    NOT NULL,
    submitted          BOOLEAN NOT NULL,
    late               BOOLEAN NOT NULL,
    overdue            BOOLEAN NOT NULL,
    alert              TEXT    NOT NULL,
    notice_copies      BIGINT  NOT NULL,
    attempts           BIGINT  NOT NULL,
    paid_attempt       BIGINT  NOT NULL,
    sequence           BIGINT  NOT NULL,
    checks             BIGINT  NOT NULL,
    details            TEXT    NOT NULL, -- JSON: customer, method, checkout, next action, failure, ...
    version            BIGINT  NOT NULL,
    created_at         BIGINT  NOT NULL,
    updated_at         BIGINT  NOT NULL,
    completed_at       BIGINT  NOT NULL,
    expires_at         BIGINT  NOT NULL,
    next_check_at      BIGINT  NOT NULL,
    PRIMARY KEY (merchant_id, id)
);
CREATE UNIQUE INDEX ux_transactions_reference
    ON transactions (merchant_id, mode, front, account, kind, reference);
CREATE UNIQUE INDEX ux_transactions_front_reference
    ON transactions (merchant_id, mode, front, front_reference) WHERE front_reference <> '';
CREATE UNIQUE INDEX ux_transactions_token ON transactions (merchant_id, checkout_token);
CREATE INDEX ix_transactions_list ON transactions (merchant_id, mode, kind, id);
CREATE INDEX ix_transactions_parent ON transactions (merchant_id, parent_id) WHERE parent_id <> '';
CREATE INDEX ix_transactions_due ON transactions (next_check_at) WHERE next_check_at > 0;

CREATE TABLE attempts (
    merchant_id        TEXT    NOT NULL,
    transaction_id     TEXT    NOT NULL,
    number             BIGINT  NOT NULL,
    connection_id      TEXT    NOT NULL,
    provider           TEXT    NOT NULL,
    status             TEXT    NOT NULL,
    reference          TEXT    NOT NULL,
    provider_reference TEXT    NOT NULL,
    data               TEXT    NOT NULL, -- JSON
    failure            TEXT    NOT NULL, -- JSON
    prompted           BOOLEAN NOT NULL,
    hint_failed        BOOLEAN NOT NULL,
    hinted_at          BIGINT  NOT NULL,
    absent             BIGINT  NOT NULL,
    absent_since       BIGINT  NOT NULL,
    lease_until        BIGINT  NOT NULL,
    created_at         BIGINT  NOT NULL,
    updated_at         BIGINT  NOT NULL,
    PRIMARY KEY (merchant_id, transaction_id, number)
);
CREATE UNIQUE INDEX ux_attempts_reference ON attempts (merchant_id, connection_id, reference);
CREATE INDEX ix_attempts_provider_reference
    ON attempts (merchant_id, connection_id, provider_reference) WHERE provider_reference <> '';

CREATE TABLE events (
    merchant_id    TEXT   NOT NULL,
    id             TEXT   NOT NULL,
    mode           TEXT   NOT NULL,
    transaction_id TEXT   NOT NULL,
    sequence       BIGINT NOT NULL,
    type           TEXT   NOT NULL,
    snapshot       TEXT   NOT NULL, -- JSON of the transaction at that moment
    created_at     BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, id)
);
CREATE UNIQUE INDEX ux_events_sequence ON events (merchant_id, transaction_id, sequence);
CREATE INDEX ix_events_list ON events (merchant_id, mode, id);

CREATE TABLE webhook_endpoints (
    merchant_id TEXT    NOT NULL REFERENCES merchants (id),
    id          TEXT    NOT NULL,
    mode        TEXT    NOT NULL,
    url         TEXT    NOT NULL,
    events      TEXT    NOT NULL, -- JSON list; empty: terminal events
    secret      TEXT    NOT NULL, -- sealed
    enabled     BOOLEAN NOT NULL,
    disabled_because TEXT NOT NULL,
    created_at  BIGINT  NOT NULL,
    PRIMARY KEY (merchant_id, id)
);

-- A delivery owes one event to one target until it is delivered or given up.
CREATE TABLE deliveries (
    merchant_id     TEXT   NOT NULL,
    id              TEXT   NOT NULL,
    mode            TEXT   NOT NULL,
    transaction_id  TEXT   NOT NULL,
    event_id        TEXT   NOT NULL,
    sequence        BIGINT NOT NULL,
    type            TEXT   NOT NULL,
    target          TEXT   NOT NULL, -- an endpoint's id, or the front's name
    status          TEXT   NOT NULL, -- pending, delivered, failed, skipped
    attempts        BIGINT NOT NULL,
    probed          BOOLEAN NOT NULL,
    last_status     BIGINT NOT NULL,
    last_error      TEXT   NOT NULL,
    verdict         TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    completed_at    BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, id)
);
CREATE INDEX ix_deliveries_due ON deliveries (next_attempt_at) WHERE next_attempt_at > 0;
CREATE INDEX ix_deliveries_transaction ON deliveries (merchant_id, transaction_id, target, sequence);

CREATE TABLE idempotency (
    merchant_id    TEXT   NOT NULL,
    mode           TEXT   NOT NULL,
    key            TEXT   NOT NULL, -- keyed hash
    fingerprint    TEXT   NOT NULL, -- HMAC of method, path and body
    status         BIGINT NOT NULL, -- 0 while the first request is at work
    answer         TEXT   NOT NULL, -- sealed
    transaction_id TEXT   NOT NULL,
    lease_until    BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, mode, key)
);
CREATE INDEX ix_idempotency_expires ON idempotency (expires_at);

CREATE TABLE ledger_entries (
    merchant_id    TEXT   NOT NULL,
    id             TEXT   NOT NULL,
    mode           TEXT   NOT NULL,
    journal        TEXT   NOT NULL, -- what caused the postings, once
    transaction_id TEXT   NOT NULL,
    connection_id  TEXT   NOT NULL,
    account        TEXT   NOT NULL,
    side           TEXT   NOT NULL,
    amount         BIGINT NOT NULL,
    currency       TEXT   NOT NULL,
    created_at     BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, id)
);
CREATE UNIQUE INDEX ux_ledger_journal
    ON ledger_entries (merchant_id, journal, account, side, connection_id, currency);
CREATE INDEX ix_ledger_transaction ON ledger_entries (merchant_id, transaction_id);
CREATE INDEX ix_ledger_list ON ledger_entries (merchant_id, mode, id);

-- Credits append here without locking a balance; they are folded into the
-- balance by deleting them and adding their sum in one transaction.
CREATE TABLE balance_deltas (
    merchant_id   TEXT   NOT NULL,
    id            TEXT   NOT NULL,
    connection_id TEXT   NOT NULL,
    currency      TEXT   NOT NULL,
    account       TEXT   NOT NULL,
    amount        BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, id)
);
CREATE INDEX ix_balance_deltas ON balance_deltas (merchant_id, connection_id, currency, account);

CREATE TABLE balances (
    merchant_id   TEXT   NOT NULL,
    connection_id TEXT   NOT NULL,
    currency      TEXT   NOT NULL,
    account       TEXT   NOT NULL,
    amount        BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, connection_id, currency, account)
);

CREATE TABLE memory (
    key_hash    TEXT   NOT NULL PRIMARY KEY, -- keyed hash of namespace and key
    namespace   TEXT   NOT NULL,
    merchant_id TEXT   NOT NULL,
    value       TEXT   NOT NULL, -- sealed
    expires_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);
CREATE INDEX ix_memory_expires ON memory (expires_at) WHERE expires_at > 0;

CREATE TABLE leases (
    key_hash   TEXT   NOT NULL PRIMARY KEY,
    holder     TEXT   NOT NULL,
    expires_at BIGINT NOT NULL
);

-- What providers sent us, redacted.
CREATE TABLE notifications (
    merchant_id    TEXT   NOT NULL,
    id             TEXT   NOT NULL,
    connection_id  TEXT   NOT NULL,
    transaction_id TEXT   NOT NULL,
    hint           TEXT   NOT NULL,
    verified       BOOLEAN NOT NULL,
    request        TEXT   NOT NULL,
    outcome        TEXT   NOT NULL,
    created_at     BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, id)
);
CREATE INDEX ix_notifications_transaction ON notifications (merchant_id, transaction_id);

-- What we said to providers and what they answered, redacted.
CREATE TABLE exchanges (
    merchant_id    TEXT   NOT NULL,
    id             TEXT   NOT NULL,
    transaction_id TEXT   NOT NULL,
    connection_id  TEXT   NOT NULL,
    method         TEXT   NOT NULL,
    url            TEXT   NOT NULL,
    request        TEXT   NOT NULL,
    status         BIGINT NOT NULL,
    response       TEXT   NOT NULL,
    error          TEXT   NOT NULL,
    milliseconds   BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, id)
);
CREATE INDEX ix_exchanges_transaction ON exchanges (merchant_id, transaction_id);

-- The simulated operators' own truth; test mode only.
CREATE TABLE sandbox_operations (
    merchant_id    TEXT   NOT NULL,
    id             TEXT   NOT NULL, -- the operator's reference
    connection_id  TEXT   NOT NULL,
    reference      TEXT   NOT NULL, -- the gateway's
    transaction_id TEXT   NOT NULL,
    kind           TEXT   NOT NULL,
    method         TEXT   NOT NULL,
    operator       TEXT   NOT NULL,
    phone          TEXT   NOT NULL, -- E.164
    amount         BIGINT NOT NULL,
    currency       TEXT   NOT NULL,
    description    TEXT   NOT NULL,
    status         TEXT   NOT NULL, -- prompted, otp, challenge, processing, succeeded, failed, canceled
    script         TEXT   NOT NULL, -- JSON: what is going to happen
    failure        TEXT   NOT NULL, -- JSON
    due_at         BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, id)
);
CREATE UNIQUE INDEX ux_sandbox_operations_reference
    ON sandbox_operations (merchant_id, connection_id, reference);
CREATE INDEX ix_sandbox_operations_due ON sandbox_operations (due_at) WHERE due_at > 0;
CREATE INDEX ix_sandbox_operations_phone ON sandbox_operations (phone, created_at);
CREATE INDEX ix_sandbox_operations_transaction ON sandbox_operations (merchant_id, transaction_id);

CREATE TABLE payout_batches (
    merchant_id TEXT   NOT NULL,
    id          TEXT   NOT NULL,
    mode        TEXT   NOT NULL,
    reference   TEXT   NOT NULL,
    total       BIGINT NOT NULL, -- payouts asked for
    requests    TEXT   NOT NULL, -- JSON: the payouts asked for
    refused     TEXT   NOT NULL, -- JSON: what was refused before it became a payout
    next_work_at BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, id)
);
CREATE INDEX ix_payout_batches_due ON payout_batches (next_work_at) WHERE next_work_at > 0;
CREATE UNIQUE INDEX ux_payout_batches_reference ON payout_batches (merchant_id, mode, reference);

CREATE TABLE sandbox_messages (
    id         TEXT   NOT NULL PRIMARY KEY,
    phone      TEXT   NOT NULL,
    text       TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX ix_sandbox_messages_phone ON sandbox_messages (phone, id);

-- +goose Down
DROP TABLE sandbox_messages;
DROP TABLE payout_batches;
DROP TABLE sandbox_operations;
DROP TABLE exchanges;
DROP TABLE notifications;
DROP TABLE leases;
DROP TABLE memory;
DROP TABLE balances;
DROP TABLE balance_deltas;
DROP TABLE ledger_entries;
DROP TABLE idempotency;
DROP TABLE deliveries;
DROP TABLE webhook_endpoints;
DROP TABLE events;
DROP TABLE attempts;
DROP TABLE transactions;
DROP TABLE fee_schedules;
DROP TABLE routes;
DROP TABLE connections;
DROP TABLE api_keys;
DROP TABLE users;
DROP TABLE merchants;
