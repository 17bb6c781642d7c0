package reseal

import (
	"context"
	"fmt"

	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store"
)

// Opens tries every sealed value with the box. It counts those that open and,
// by column, those that don't.
func Opens(ctx context.Context, s *store.Store, box secret.Box) (opened int, shut map[string]int, err error) {
	shut = map[string]int{}
	for _, c := range columns() {
		err := c.walk(ctx, s, func(cells []cell) error {
			for _, one := range cells {
				if _, err := box.Open(one.sealed, one.place...); err != nil {
					shut[c.name]++
				} else {
					opened++
				}
			}
			return ctx.Err()
		})
		if err != nil {
			return 0, nil, fmt.Errorf("look through %s: %w", c.name, err)
		}
	}
	return opened, shut, nil
}
