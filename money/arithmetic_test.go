package money_test

import (
	"errors"
	"math"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/passerelle-pay/passerelle/money"
)

func TestArithmeticRefusesToMixCurrencies(t *testing.T) {
	central, western := money.New(100, money.XAF), money.New(100, money.XOF)
	_, addErr := central.Add(western)
	_, subErr := central.Sub(western)
	_, cmpErr := central.Cmp(western)
	_, noneErr := money.Amount{}.Add(money.Amount{})
	for _, err := range []error{addErr, subErr, cmpErr, noneErr} {
		if !errors.Is(err, money.ErrCurrency) {
			t.Errorf("got %v, want %v", err, money.ErrCurrency)
		}
	}
	if central == western {
		t.Error("XAF stands for XOF")
	}
}

func TestAddAndSubAreExactOrRefuseToOverflow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyCurrency(t)
		a, b := rapid.Int64().Draw(t, "a"), rapid.Int64().Draw(t, "b")
		sum, sumErr := money.New(a, c).Add(money.New(b, c))
		checkExact(t, new(big.Int).Add(big.NewInt(a), big.NewInt(b)), sum, sumErr)
		difference, subErr := money.New(a, c).Sub(money.New(b, c))
		checkExact(t, new(big.Int).Sub(big.NewInt(a), big.NewInt(b)), difference, subErr)
		order, err := money.New(a, c).Cmp(money.New(b, c))
		if err != nil || order != big.NewInt(a).Cmp(big.NewInt(b)) {
			t.Fatalf("%d and %d compare as %d (%v)", a, b, order, err)
		}
	})
}

func checkExact(t *rapid.T, want *big.Int, got money.Amount, err error) {
	if !want.IsInt64() {
		if !errors.Is(err, money.ErrOverflow) {
			t.Fatalf("got %v (%v) for %v", got, err, want)
		}
		return
	}
	if err != nil || got.Minor != want.Int64() {
		t.Fatalf("got %v (%v), want %v", got, err, want)
	}
}

func TestAddRefusesTheFirstAmountThatDoesNotFit(t *testing.T) {
	most, least := money.New(math.MaxInt64, money.XAF), money.New(math.MinInt64, money.XAF)
	one := money.New(1, money.XAF)
	if _, err := most.Add(one); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("above the most: %v", err)
	}
	if _, err := least.Sub(one); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("below the least: %v", err)
	}
	if _, err := one.Sub(least); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("minus the least: %v", err)
	}
}

func TestSignsAreTold(t *testing.T) {
	tests := []struct {
		minor          int64
		zero, positive bool
	}{{-1, false, false}, {0, true, false}, {1, false, true}}
	for _, tt := range tests {
		a := money.New(tt.minor, money.XAF)
		if a.IsZero() != tt.zero || a.IsPositive() != tt.positive {
			t.Errorf("%v: zero %v, positive %v", a, a.IsZero(), a.IsPositive())
		}
	}
}

func TestBasisPointsRoundHalvesAwayFromZero(t *testing.T) {
	tests := []struct{ minor, bp, want int64 }{
		{200, 250, 5},
		{144, 175, 3}, // 2.52
		{100, 150, 2}, // 1.5
		{100, 149, 1},
		{-100, 150, -2},
		{100, -150, -2},
		{-100, -150, 2},
		{0, 250, 0},
		{5000, 10_000, 5000},
		{math.MaxInt64, 10_000, math.MaxInt64},
		{math.MinInt64, 10_000, math.MinInt64},
		{math.MinInt64, math.MinInt64, math.MaxInt64},
		{math.MaxInt64, math.MinInt64, math.MinInt64},
		{math.MaxInt64, 10_001, math.MaxInt64},
	}
	for _, tt := range tests {
		if got := money.New(tt.minor, money.XAF).BasisPoints(tt.bp); got.Minor != tt.want {
			t.Errorf("%d bp of %d: got %d, want %d", tt.bp, tt.minor, got.Minor, tt.want)
		}
	}
}

func TestBasisPointsAreWithinHalfAMinorUnitOfTheExactRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minor := rapid.Int64().Draw(t, "minor")
		bp := rapid.Int64Range(-10_000, 10_000).Draw(t, "bp")
		got := money.New(minor, money.USD).BasisPoints(bp)
		// |got*10000 - minor*bp| <= 5000
		off := new(big.Int).Mul(big.NewInt(got.Minor), big.NewInt(10_000))
		off.Sub(off, new(big.Int).Mul(big.NewInt(minor), big.NewInt(bp)))
		if off.CmpAbs(big.NewInt(5000)) > 0 {
			t.Fatalf("%d bp of %d became %d", bp, minor, got.Minor)
		}
	})
}

func TestSplitGivesTheLargestRemaindersTheRest(t *testing.T) {
	tests := []struct {
		name    string
		minor   int64
		weights []int64
		want    []int64
	}{
		{"equal weights", 100, []int64{1, 1, 1}, []int64{34, 33, 33}},
		{"larger remainder", 10, []int64{1, 5, 3}, []int64{1, 6, 3}}, // 1.1 5.6 3.3
		{"nothing for zero", 7, []int64{0, 2, 0, 2}, []int64{0, 4, 0, 3}},
		{"one part", 7, []int64{3}, []int64{7}},
		{"nothing to split", 0, []int64{1, 2}, []int64{0, 0}},
		{"negative", -100, []int64{1, 1, 1}, []int64{-34, -33, -33}},
		{"the least amount", math.MinInt64, []int64{1}, []int64{math.MinInt64}},
		{
			"weights beyond 64 bits", 4,
			[]int64{math.MaxInt64, math.MaxInt64, math.MaxInt64, math.MaxInt64},
			[]int64{1, 1, 1, 1},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			parts, err := money.New(tt.minor, money.XAF).Split(tt.weights...)
			if err != nil {
				t.Fatal(err)
			}
			got := make([]int64, len(parts))
			for i, p := range parts {
				got[i] = p.Minor
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestSplitRefusesWeightsThatDivideNothing(t *testing.T) {
	for _, weights := range [][]int64{nil, {0}, {0, 0}, {1, -1}, {5, -1}} {
		if _, err := money.New(100, money.XAF).Split(weights...); !errors.Is(err, money.ErrWeights) {
			t.Errorf("%v: %v", weights, err)
		}
	}
}

func TestSplitIsLosslessAndFair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := money.New(rapid.Int64().Draw(t, "minor"), anyCurrency(t))
		weights := rapid.SliceOfN(rapid.Int64Min(0), 1, 12).Draw(t, "weights")
		total := new(big.Int)
		for _, w := range weights {
			total.Add(total, big.NewInt(w))
		}
		if total.Sign() == 0 {
			weights[0] = 1
			total.SetInt64(1)
		}
		parts, err := a.Split(weights...)
		if err != nil || len(parts) != len(weights) {
			t.Fatalf("%d parts for %d weights (%v)", len(parts), len(weights), err)
		}
		sum := new(big.Int)
		for i, p := range parts {
			sum.Add(sum, big.NewInt(p.Minor))
			checkShare(t, a, p, weights[i], total)
		}
		if !sum.IsInt64() || sum.Int64() != a.Minor {
			t.Fatalf("the parts of %v sum to %v", a, sum)
		}
	})
}

// checkShare holds a part to less than one minor unit from a*weight/total.
func checkShare(t *rapid.T, a, part money.Amount, weight int64, total *big.Int) {
	if part.Currency != a.Currency || weight == 0 && part.Minor != 0 {
		t.Fatalf("weight %d got %v of %v", weight, part, a)
	}
	off := new(big.Int).Mul(big.NewInt(part.Minor), total)
	off.Sub(off, new(big.Int).Mul(big.NewInt(a.Minor), big.NewInt(weight)))
	if off.CmpAbs(total) >= 0 {
		t.Fatalf("weight %d of %v got %v of %v", weight, total, part, a)
	}
}
