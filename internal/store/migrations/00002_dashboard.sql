-- +goose Up

-- A browser that signed in. The token is kept as a keyed hash only.
CREATE TABLE sessions (
    token_hash  TEXT   NOT NULL PRIMARY KEY,
    merchant_id TEXT   NOT NULL REFERENCES merchants (id),
    user_id     TEXT   NOT NULL,
    mode        TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL
);
CREATE INDEX ix_sessions_user ON sessions (merchant_id, user_id);
CREATE INDEX ix_sessions_expires ON sessions (expires_at);

-- How often somebody tried a password for an account, or from an address, in
-- the window that is running.
CREATE TABLE sign_in_attempts (
    key_hash     TEXT   NOT NULL PRIMARY KEY,
    tries        BIGINT NOT NULL,
    window_until BIGINT NOT NULL
);
CREATE INDEX ix_sign_in_attempts_window ON sign_in_attempts (window_until);

-- A person's authenticator; unconfirmed until it has given its first code.
CREATE TABLE second_factors (
    merchant_id TEXT    NOT NULL,
    user_id     TEXT    NOT NULL,
    secret      TEXT    NOT NULL, -- sealed
    confirmed   BOOLEAN NOT NULL,
    last_step   BIGINT  NOT NULL, -- of the last code used, which is good once
    PRIMARY KEY (merchant_id, user_id)
);

-- What people did. Each entry's hash covers the one before, so that none can be
-- changed or taken out unseen; the head holds the last one.
CREATE TABLE audit_heads (
    merchant_id TEXT   NOT NULL PRIMARY KEY REFERENCES merchants (id),
    sequence    BIGINT NOT NULL,
    hash        TEXT   NOT NULL
);

CREATE TABLE audit_entries (
    merchant_id TEXT   NOT NULL,
    sequence    BIGINT NOT NULL,
    user_id     TEXT   NOT NULL,
    email       TEXT   NOT NULL,
    address     TEXT   NOT NULL,
    mode        TEXT   NOT NULL,
    action      TEXT   NOT NULL,
    subject     TEXT   NOT NULL,
    detail      TEXT   NOT NULL,
    hash        TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, sequence)
);

-- What people search by.
CREATE INDEX ix_transactions_search_reference ON transactions (merchant_id, mode, reference);
CREATE INDEX ix_transactions_search_phone ON transactions (merchant_id, mode, phone, kind, id) WHERE phone <> '';
CREATE INDEX ix_deliveries_failed ON deliveries (merchant_id, target, id) WHERE status = 'failed';
CREATE INDEX ix_users_merchant ON users (merchant_id);

-- +goose Down
DROP INDEX ix_users_merchant;
DROP INDEX ix_deliveries_failed;
DROP INDEX ix_transactions_search_phone;
DROP INDEX ix_transactions_search_reference;
DROP TABLE audit_entries;
DROP TABLE audit_heads;
DROP TABLE second_factors;
DROP TABLE sign_in_attempts;
DROP TABLE sessions;
