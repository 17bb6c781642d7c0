-- name: ListLatestDeliveries :many
SELECT * FROM deliveries
WHERE merchant_id = sqlc.arg(merchant_id) AND mode = sqlc.arg(mode)
ORDER BY id DESC LIMIT CAST(sqlc.arg(count) AS bigint);
