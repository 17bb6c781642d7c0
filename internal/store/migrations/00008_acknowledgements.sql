-- +goose Up

-- How merchants acknowledged the notifications of test payments, where a
-- provider wants to see that before it opens real ones: few rows of many.
CREATE INDEX ix_deliveries_verdict ON deliveries (merchant_id, target, id) WHERE mode = 'test' AND verdict <> '';

-- +goose Down
DROP INDEX ix_deliveries_verdict;
