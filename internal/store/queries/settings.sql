-- name: SetRoutePlace :execrows
UPDATE routes SET position = sqlc.arg(position)
WHERE merchant_id = sqlc.arg(merchant_id) AND mode = sqlc.arg(mode) AND id = sqlc.arg(id);

-- name: SetRouteEnabled :execrows
UPDATE routes SET enabled = sqlc.arg(enabled)
WHERE merchant_id = sqlc.arg(merchant_id) AND mode = sqlc.arg(mode) AND id = sqlc.arg(id);
