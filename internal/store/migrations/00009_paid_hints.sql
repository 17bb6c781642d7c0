-- +goose Up

-- A notification said "paid": until the provider has been asked since, no
-- failure of the attempt is believed.
ALTER TABLE attempts ADD COLUMN hint_paid BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE attempts DROP COLUMN hint_paid;
