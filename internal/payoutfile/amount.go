package payoutfile

import (
	"errors"
	"regexp"
	"strings"

	"github.com/passerelle-pay/passerelle/money"
)

var (
	spaces = strings.NewReplacer("\u00a0", " ", "\u202f", " ")
	// digits, in groups of three behind spaces or not, and decimals
	written = regexp.MustCompile(`^(\d+|\d{1,3}(?: \d{3})+)(?:[.,](\d+))?$`)
	// groups behind points with decimals behind a comma, or the other way round;
	// two groups of one kind can't be decimals either
	grouped = regexp.MustCompile(`^(\d{1,3}(?:\.\d{3})+),(\d+)$|^(\d{1,3}(?:,\d{3})+)\.(\d+)$|^(\d{1,3}(?:\.\d{3}){2,})$|^(\d{1,3}(?:,\d{3}){2,})$`)
)

// thousand is how many digits behind a single point or comma may be a group as
// well as decimals: "15.000" is fifteen to some and fifteen thousand to others.
const thousand = 3

// readAmount reads an amount as people write it: "15 000", "15000,50", "1.500,00".
func readAmount(text string, currency money.Currency) (money.Amount, Reason) {
	text = spaces.Replace(text)
	whole, decimals := "", ""
	if m := written.FindStringSubmatch(text); m != nil {
		whole, decimals = m[1], m[2]
		if len(decimals) == thousand {
			return money.Amount{}, AmbiguousAmount
		}
	} else if m := grouped.FindStringSubmatch(text); m != nil {
		whole, decimals = m[1]+m[3]+m[5]+m[6], m[2]+m[4]
	} else {
		return money.Amount{}, BadAmount
	}
	plain := strings.NewReplacer(" ", "", ".", "", ",", "").Replace(whole)
	if decimals != "" {
		plain += "." + decimals
	}
	amount, err := money.Parse(plain, currency)
	switch {
	case errors.Is(err, money.ErrFraction):
		return money.Amount{}, AmountDecimals
	case err != nil:
		return money.Amount{}, BadAmount
	case !amount.IsPositive():
		return money.Amount{}, ZeroAmount
	}
	return amount, ""
}
