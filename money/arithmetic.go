package money

import (
	"cmp"
	"math"
	"math/big"
	"math/bits"
	"slices"
)

// IsZero reports whether there is nothing, in any currency.
func (a Amount) IsZero() bool { return a.Minor == 0 }

// IsPositive reports whether there is more than nothing.
func (a Amount) IsPositive() bool { return a.Minor > 0 }

// Add returns a+b. It fails with ErrCurrency unless both have the same valid
// currency, and with ErrOverflow if the sum does not fit.
func (a Amount) Add(b Amount) (Amount, error) {
	if err := a.sameCurrency(b); err != nil {
		return Amount{}, err
	}
	sum := a.Minor + b.Minor
	if (sum > a.Minor) != (b.Minor > 0) {
		return Amount{}, ErrOverflow
	}
	return New(sum, a.Currency), nil
}

// Sub returns a-b, which may be negative. It fails as Add does.
func (a Amount) Sub(b Amount) (Amount, error) {
	if err := a.sameCurrency(b); err != nil {
		return Amount{}, err
	}
	difference := a.Minor - b.Minor
	if (difference < a.Minor) != (b.Minor > 0) {
		return Amount{}, ErrOverflow
	}
	return New(difference, a.Currency), nil
}

// Cmp returns -1, 0 or +1 as a is less than, equal to or greater than b. Amounts
// of different currencies have no order: ErrCurrency.
func (a Amount) Cmp(b Amount) (int, error) {
	if err := a.sameCurrency(b); err != nil {
		return 0, err
	}
	return cmp.Compare(a.Minor, b.Minor), nil
}

func (a Amount) sameCurrency(b Amount) error {
	if a.Currency != b.Currency || !a.Currency.Valid() {
		return ErrCurrency
	}
	return nil
}

// BasisPoints returns bp ten-thousandths of the amount (250 is 2.5 %), rounded
// to the minor unit, halves away from zero, so that the fee of a reversal
// cancels the fee exactly. A result beyond int64 stays at the greatest or least
// amount, which Add then refuses.
func (a Amount) BasisPoints(bp int64) Amount {
	const scale = 10_000
	hi, lo := bits.Mul64(magnitude(a.Minor), magnitude(bp))
	lo, carry := bits.Add64(lo, scale/2, 0)
	hi += carry
	quotient := uint64(math.MaxUint64)
	if hi < scale {
		quotient, _ = bits.Div64(hi, lo, scale)
	}
	if (a.Minor < 0) != (bp < 0) {
		return New(negated(min(quotient, 1<<63)), a.Currency)
	}
	return New(int64(min(quotient, math.MaxInt64)), a.Currency)
}

// Split divides the amount in proportion to the weights, by largest remainder:
// the parts always sum to the amount, each is within one minor unit of its exact
// share, and a weight of zero gets nothing. Ties go to the earlier weight, so
// the same call always gives the same parts.
func (a Amount) Split(weights ...int64) ([]Amount, error) {
	total := new(big.Int)
	for _, w := range weights {
		if w < 0 {
			return nil, ErrWeights
		}
		total.Add(total, big.NewInt(w))
	}
	if total.Sign() == 0 {
		return nil, ErrWeights
	}
	shares := largestRemainder(magnitude(a.Minor), weights, total)
	parts := make([]Amount, len(shares))
	for i, share := range shares {
		if a.Minor < 0 {
			parts[i] = New(negated(share), a.Currency)
			continue
		}
		parts[i] = New(int64(share), a.Currency) //nolint:gosec // a share is at most the amount
	}
	return parts, nil
}

// largestRemainder uses big integers because the product of an amount and a
// weight, and even the sum of the weights, may exceed 64 bits.
func largestRemainder(amount uint64, weights []int64, total *big.Int) []uint64 {
	shares := make([]uint64, len(weights))
	remainders := make([]*big.Int, len(weights))
	byRemainder := make([]int, len(weights))
	left := amount
	for i, w := range weights {
		share, remainder := new(big.Int).SetUint64(amount), new(big.Int)
		share.Mul(share, big.NewInt(w)).QuoRem(share, total, remainder)
		shares[i], remainders[i], byRemainder[i] = share.Uint64(), remainder, i
		left -= shares[i]
	}
	slices.SortStableFunc(byRemainder, func(i, j int) int {
		return remainders[j].Cmp(remainders[i])
	})
	for _, i := range byRemainder[:left] {
		shares[i]++
	}
	return shares
}

// magnitude is |n|, also of the least int64, whose negation does not fit int64.
func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n) //nolint:gosec // two's complement gives the magnitude, of the lowest number too
	}
	return uint64(n)
}

// negated is -n for n up to 1<<63.
func negated(n uint64) int64 { return int64(-n) } //nolint:gosec // the inverse of magnitude
