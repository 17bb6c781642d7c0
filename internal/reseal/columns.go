package reseal

import (
	"context"

	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
)

// column is one that holds sealed values.
type column struct {
	name string // table.column
	// purpose is the first part of its values' associated data.
	purpose string
	keys    int // parts of a row's key
	page    func(ctx context.Context, q *sqlgen.Queries, after []string, count int64) ([]cell, error)
}

// cell is one sealed value.
type cell struct {
	key    []string
	sealed string
	// place is the associated data that it was sealed with.
	place []string
	write func(ctx context.Context, q *sqlgen.Queries, fresh string) (int64, error)
}

// columns lists every sealed column. What each adds to the associated data is
// said where the value is sealed: gateway (connect.go, memory.go,
// idempotency.go), webhook (secret.go) and account (totp.go).
func columns() []column {
	return []column{
		{"connections.credentials", "connection", 2, connections},
		{"webhook_endpoints.secret", "webhook-endpoint", 2, endpoints},
		{"second_factors.secret", "second-factor", 2, factors},
		{"memory.value", "memory", 1, memories},
		{"idempotency.answer", "idempotency", 3, answers},
	}
}

func connections(ctx context.Context, q *sqlgen.Queries, after []string, count int64) ([]cell, error) {
	rows, err := q.WalkSealedConnections(ctx, sqlgen.WalkSealedConnectionsParams{AfterMerchant: after[0], AfterID: after[1], Count: count})
	return cells(rows, err, func(r sqlgen.WalkSealedConnectionsRow) cell {
		return cell{
			[]string{r.MerchantID, r.ID},
			r.Credentials,
			[]string{"connection", r.MerchantID, r.ID},
			func(ctx context.Context, q *sqlgen.Queries, fresh string) (int64, error) {
				return q.ResealConnection(ctx, sqlgen.ResealConnectionParams{Fresh: fresh, MerchantID: r.MerchantID, ID: r.ID, Was: r.Credentials})
			},
		}
	})
}

func endpoints(ctx context.Context, q *sqlgen.Queries, after []string, count int64) ([]cell, error) {
	rows, err := q.WalkSealedEndpoints(ctx, sqlgen.WalkSealedEndpointsParams{AfterMerchant: after[0], AfterID: after[1], Count: count})
	return cells(rows, err, func(r sqlgen.WalkSealedEndpointsRow) cell {
		return cell{
			[]string{r.MerchantID, r.ID},
			r.Secret,
			[]string{"webhook-endpoint", r.MerchantID, r.ID},
			func(ctx context.Context, q *sqlgen.Queries, fresh string) (int64, error) {
				return q.ResealEndpoint(ctx, sqlgen.ResealEndpointParams{Fresh: fresh, MerchantID: r.MerchantID, ID: r.ID, Was: r.Secret})
			},
		}
	})
}

func factors(ctx context.Context, q *sqlgen.Queries, after []string, count int64) ([]cell, error) {
	rows, err := q.WalkSealedFactors(ctx, sqlgen.WalkSealedFactorsParams{AfterMerchant: after[0], AfterUser: after[1], Count: count})
	return cells(rows, err, func(r sqlgen.WalkSealedFactorsRow) cell {
		return cell{
			[]string{r.MerchantID, r.UserID},
			r.Secret,
			[]string{"second-factor", r.MerchantID, r.UserID},
			func(ctx context.Context, q *sqlgen.Queries, fresh string) (int64, error) {
				return q.ResealFactor(ctx, sqlgen.ResealFactorParams{Fresh: fresh, MerchantID: r.MerchantID, UserID: r.UserID, Was: r.Secret})
			},
		}
	})
}

func memories(ctx context.Context, q *sqlgen.Queries, after []string, count int64) ([]cell, error) {
	rows, err := q.WalkSealedMemory(ctx, sqlgen.WalkSealedMemoryParams{After: after[0], Count: count})
	return cells(rows, err, func(r sqlgen.WalkSealedMemoryRow) cell {
		return cell{
			[]string{r.KeyHash},
			r.Value,
			[]string{"memory", r.KeyHash},
			func(ctx context.Context, q *sqlgen.Queries, fresh string) (int64, error) {
				return q.ResealMemory(ctx, sqlgen.ResealMemoryParams{Fresh: fresh, KeyHash: r.KeyHash, Was: r.Value})
			},
		}
	})
}

func answers(ctx context.Context, q *sqlgen.Queries, after []string, count int64) ([]cell, error) {
	rows, err := q.WalkSealedAnswers(ctx, sqlgen.WalkSealedAnswersParams{AfterMerchant: after[0], AfterMode: after[1], AfterKey: after[2], Count: count})
	return cells(rows, err, func(r sqlgen.WalkSealedAnswersRow) cell {
		return cell{
			[]string{r.MerchantID, r.Mode, r.Key},
			r.Answer,
			[]string{"idempotency", r.MerchantID, r.Key},
			func(ctx context.Context, q *sqlgen.Queries, fresh string) (int64, error) {
				return q.ResealAnswer(ctx, sqlgen.ResealAnswerParams{Fresh: fresh, MerchantID: r.MerchantID, Mode: r.Mode, Key: r.Key, Was: r.Answer})
			},
		}
	})
}

func cells[R any](rows []R, err error, read func(R) cell) ([]cell, error) {
	found := make([]cell, len(rows))
	for i, r := range rows {
		found[i] = read(r)
	}
	return found, err
}
