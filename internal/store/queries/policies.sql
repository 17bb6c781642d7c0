-- name: GetPolicy :one
SELECT * FROM policies WHERE merchant_id = $1;

-- name: PutPolicy :exec
INSERT INTO policies (merchant_id, refund_late, personal_days, updated_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (merchant_id) DO UPDATE SET
    refund_late = excluded.refund_late, personal_days = excluded.personal_days, updated_at = excluded.updated_at;

-- name: ListErasingPolicies :many
SELECT * FROM policies WHERE personal_days > 0 ORDER BY merchant_id;

-- name: OweLateRefund :exec
INSERT INTO late_refunds (merchant_id, id, due_at) VALUES ($1, $2, $3)
ON CONFLICT (merchant_id, id) DO NOTHING;

-- name: CountLateRefund :one
SELECT COUNT(*) FROM late_refunds WHERE merchant_id = $1 AND id = $2;

-- name: PutOffLateRefund :execrows
UPDATE late_refunds SET due_at = sqlc.arg(due_at)
WHERE merchant_id = sqlc.arg(merchant_id) AND id = sqlc.arg(id);

-- name: DeleteLateRefund :execrows
DELETE FROM late_refunds WHERE merchant_id = $1 AND id = $2;
