package phone

import (
	"slices"
	"strings"
)

// plan is the part of a country's numbering plan (ITU-T E.164 and the national
// regulators' notices) that mobile money needs: its mobile numbers.
//
// The table is wider than what regulators have assigned. A range opened
// yesterday must not refuse a customer, and every number of the providers'
// test data and of the sandbox must pass; the operator has the last word.
type plan struct {
	country string // ISO 3166-1 alpha-2
	code    string // E.164 country code
	// trunk is dialled before the significant number inside the country and
	// dropped after the country code. In the countries without one a leading
	// zero belongs to the number and stays.
	trunk   string
	current form
	// former is the shape before a renumbering, as still written by people and
	// by the providers' examples.
	former form
	// formerPrefix turns a former number into its current one, where the
	// renumbering put the same digits before every mobile number.
	formerPrefix string
}

// form is a shape of national significant numbers; length 0 matches nothing.
type form struct {
	length int
	leads  []string
}

var plans = []plan{
	{country: "GA", code: "241", trunk: "0", current: form{8, []string{"6", "7"}}},
	{country: "CG", code: "242", current: form{9, []string{"01", "04", "05", "06"}}},
	{country: "CM", code: "237", current: form{9, []string{"6"}}},
	// Côte d'Ivoire went to ten digits in 2021. The two new digits depend on the
	// operator of the day, so a former number is kept as it was written.
	{
		country: "CI", code: "225", current: form{10, []string{"01", "05", "07"}},
		former: form{8, []string{"0", "4", "5", "6", "7", "8"}},
	},
	{country: "SN", code: "221", current: form{9, []string{"7"}}},
	{country: "BF", code: "226", current: form{8, []string{"0", "4", "5", "6", "7"}}},
	{country: "ML", code: "223", current: form{8, []string{"200", "207", "217", "5", "6", "7", "8", "9"}}},
	{country: "TG", code: "228", current: form{8, []string{"7", "9"}}},
	// Benin put 01 before every number in 2024.
	{
		country: "BJ", code: "229", current: form{10, []string{"01"}},
		former: form{8, []string{"4", "5", "6", "9"}}, formerPrefix: "01",
	},
	{country: "GN", code: "224", current: form{9, []string{"6"}}},
	{country: "NE", code: "227", current: form{8, []string{"23", "7", "8", "9"}}},
	{country: "CD", code: "243", trunk: "0", current: form{9, []string{"8", "9"}}},
}

func planOf(country string) (plan, bool) {
	return findPlan(func(p plan) bool { return p.country == country })
}

// planOfCode finds the plan whose country code the digits start with.
func planOfCode(digits string) (plan, bool) {
	return findPlan(func(p plan) bool { return strings.HasPrefix(digits, p.code) })
}

func findPlan(match func(plan) bool) (plan, bool) {
	i := slices.IndexFunc(plans, match)
	if i < 0 {
		return plan{}, false
	}
	return plans[i], true
}

// subscriber brings digits written with or without the trunk prefix to the
// national significant number; ok is false if they are none.
func (p plan) subscriber(digits string) (number string, ok bool) {
	candidates := []string{digits}
	if rest, found := strings.CutPrefix(digits, p.trunk); found && p.trunk != "" {
		candidates = append(candidates, rest)
	}
	for _, c := range candidates {
		switch {
		case p.current.matches(c):
			return c, true
		case p.former.matches(c):
			return p.formerPrefix + c, true
		}
	}
	return "", false
}

// matches takes no number that begins as an international one does: dialled in
// its own country it would be another.
func (f form) matches(digits string) bool {
	return len(digits) == f.length && !strings.HasPrefix(digits, "00") && slices.ContainsFunc(f.leads, func(lead string) bool {
		return strings.HasPrefix(digits, lead)
	})
}
