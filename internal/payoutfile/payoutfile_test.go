package payoutfile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/payoutfile"
	"github.com/passerelle-pay/passerelle/money"
)

const most = 1000

// ada is what every good file here says.
var ada = payoutfile.Payout{
	Line: 2, Reference: "paie-1", Amount: money.New(15000, money.XAF), Phone: "+24177001234", Operator: "airtel_ga",
	Name: "Adélaïde N’Zué", Description: "Salaire de février",
}

func TestAFileIsReadHoweverItWasSaved(t *testing.T) {
	const rows = "Référence;Montant;Devise;Téléphone;Opérateur;Nom;Description\r\n" +
		"paie-1;15000;XAF;+241 77 00 12 34;Airtel Money;Adélaïde N’Zué;Salaire de février\r\n"
	windows := strings.NewReplacer("é", "\xe9", "ï", "\xef", "’", "\x92").Replace(rows) // Windows-1252
	for name, content := range map[string]string{
		"UTF-8, semicolons":       rows,
		"with a byte order mark":  "\ufeff" + rows,
		"Windows-1252":            windows,
		"commas":                  strings.ReplaceAll(rows, ";", ","),
		"tabs":                    strings.ReplaceAll(rows, ";", "\t"),
		"line feeds alone":        strings.ReplaceAll(rows, "\r\n", "\n"),
		"no line end at its end":  strings.TrimSuffix(rows, "\r\n"),
		"empty rows at its end":   rows + ";;;;;;\r\n\r\n",
		"quoted cells":            strings.Replace(rows, "paie-1;15000", `"paie-1";"15000"`, 1),
		"decomposed accents":      strings.Replace(rows, "Téléphone", "Te\u0301le\u0301phone", 1),
		"English headings":        strings.Replace(rows, "Référence;Montant;Devise;Téléphone;Opérateur;Nom", "reference;AMOUNT;Currency; phone ;operator;name", 1),
		"an id for the operator":  strings.Replace(rows, "Airtel Money", "airtel_ga", 1),
		"a lower-case currency":   strings.Replace(rows, "XAF", "xaf", 1),
		"spaces around the cells": strings.Replace(rows, "paie-1;15000;XAF", " paie-1 ; 15 000 ;\u00a0XAF", 1),
	} {
		t.Run(name, func(t *testing.T) {
			f := payoutfile.Read([]byte(content), "", most)
			if len(f.Faults) > 0 || len(f.Ignored) > 0 || !slices.Equal(f.Payouts, []payoutfile.Payout{ada}) {
				t.Errorf("got %+v", f)
			}
		})
	}
}

func TestAColumnMayStandAnywhereAndOthersAreNamedAsIgnored(t *testing.T) {
	f := payoutfile.Read([]byte("matricule;tel;devise;ref;montant\n007;0024177001234;XAF;a;200\n"), "", most)
	want := payoutfile.Payout{Line: 2, Reference: "a", Amount: money.New(200, money.XAF), Phone: "+24177001234"}
	if len(f.Faults) > 0 || !slices.Equal(f.Payouts, []payoutfile.Payout{want}) || !slices.Equal(f.Ignored, []string{"matricule"}) {
		t.Errorf("got %+v", f)
	}
}

func TestAmountsAreReadAsPeopleWriteThemAndNeverGuessed(t *testing.T) {
	xaf := func(minor int64) money.Amount { return money.New(minor, money.XAF) }
	usd := func(minor int64) money.Amount { return money.New(minor, money.USD) }
	for _, c := range []struct {
		text   string
		want   money.Amount
		reason payoutfile.Reason
	}{
		{"15000", xaf(15000), ""},
		{"15 000", xaf(15000), ""},
		{"15\u00a0000", xaf(15000), ""},
		{"1\u202f500\u202f000", xaf(1_500_000), ""},
		{"15000,00", xaf(15000), ""},
		{"15000.0", xaf(15000), ""},
		{"1.500.000", xaf(1_500_000), ""},
		{"1,500,000", xaf(1_500_000), ""},
		{"15 000,50", usd(1_500_050), ""},
		{"15000.50", usd(1_500_050), ""},
		{"12,5", usd(1250), ""},
		{"1.500,25", usd(150_025), ""},
		{"1,500.25", usd(150_025), ""},
		{"15.000", xaf(0), payoutfile.AmbiguousAmount},
		{"15,000", xaf(0), payoutfile.AmbiguousAmount},
		{"1.500", usd(0), payoutfile.AmbiguousAmount},
		{"15 000,000", usd(0), payoutfile.AmbiguousAmount},
		{"15000,50", xaf(0), payoutfile.AmountDecimals},
		{"1,2345", usd(0), payoutfile.AmountDecimals},
		{"0", xaf(0), payoutfile.ZeroAmount},
		{"0,00", usd(0), payoutfile.ZeroAmount},
		{"-5", xaf(0), payoutfile.BadAmount},
		{"+5", xaf(0), payoutfile.BadAmount},
		{"15 00", xaf(0), payoutfile.BadAmount},
		{"1,500,00", xaf(0), payoutfile.BadAmount},
		{"1.500,000.00", usd(0), payoutfile.BadAmount},
		{"1,5E+04", xaf(0), payoutfile.BadAmount},
		{"=1+1", xaf(0), payoutfile.BadAmount},
		{"quinze", xaf(0), payoutfile.BadAmount},
		{"١٥", xaf(0), payoutfile.BadAmount},
		{"99999999999999999999", xaf(0), payoutfile.BadAmount},
	} {
		// Tabs part the cells, so that both commas and semicolons stand for themselves.
		phone := map[money.Currency]string{money.XAF: "+24177001234", money.USD: "+243810000100"}[c.want.Currency]
		content := fmt.Sprintf("ref\tamount\tcurrency\tphone\na\t%s\t%s\t%s\n", c.text, c.want.Currency, phone)
		f := payoutfile.Read([]byte(content), "", most)
		if c.reason == "" {
			if len(f.Payouts) != 1 || f.Payouts[0].Amount != c.want {
				t.Errorf("%q %s: got %+v, want %v", c.text, c.want.Currency, f, c.want)
			}
			continue
		}
		want := payoutfile.Fault{Line: 2, Column: payoutfile.Amount, Reason: c.reason, Reference: "a"}
		if !slices.Equal(f.Faults, []payoutfile.Fault{want}) || len(f.Payouts) > 0 {
			t.Errorf("%q %s: got %+v, want %+v", c.text, c.want.Currency, f, want)
		}
	}
}

func TestEveryFaultIsNamedByLineColumnAndReason(t *testing.T) {
	const head = "reference;montant;devise;telephone;operateur\n"
	fault := func(line int, column payoutfile.Column, reason payoutfile.Reason, reference string) payoutfile.Fault {
		return payoutfile.Fault{Line: line, Column: column, Reason: reason, Reference: reference}
	}
	for name, c := range map[string]struct {
		content string
		want    []payoutfile.Fault
	}{
		"missing cells":            {head + "a\n", []payoutfile.Fault{fault(2, "amount", payoutfile.Missing, "a"), fault(2, "currency", payoutfile.Missing, "a"), fault(2, "phone", payoutfile.Missing, "a")}},
		"no reference":             {head + ";5;XAF;+24177001234\n", []payoutfile.Fault{fault(2, "reference", payoutfile.Missing, "")}},
		"unknown currency":         {head + "a;5;EUR;+24177001234\n", []payoutfile.Fault{fault(2, "currency", payoutfile.BadCurrency, "a")}},
		"not a number":             {head + "a;5;XAF;2,41774E+11\n", []payoutfile.Fault{fault(2, "phone", payoutfile.BadPhone, "a")}},
		"no such mobile number":    {head + "a;5;XAF;+24112\n", []payoutfile.Fault{fault(2, "phone", payoutfile.BadPhone, "a")}},
		"local form, no country":   {head + "a;5;XAF;077001234\n", []payoutfile.Fault{fault(2, "phone", payoutfile.LocalPhone, "a")}},
		"unknown operator":         {head + "a;5;XAF;+24177001234;Vodacom\n", []payoutfile.Fault{fault(2, "operator", payoutfile.BadOperator, "a")}},
		"operator elsewhere":       {head + "a;5;XAF;+24177001234;M-Pesa\n", []payoutfile.Fault{fault(2, "operator", payoutfile.OperatorAbroad, "a")}},
		"currency elsewhere":       {head + "a;5;XOF;+24177001234\n", []payoutfile.Fault{fault(2, "currency", payoutfile.CurrencyOperator, "a")}},
		"the same reference twice": {head + "a;5;XAF;+24177001234\nb;5;XAF;+24177001234\na;6;XAF;+24177001234\n", []payoutfile.Fault{fault(4, "reference", payoutfile.ReferenceTwice, "a")}},
		"a cell too many":          {"reference,montant,devise,telephone\na,15,000,XAF,+24177001234\n", []payoutfile.Fault{fault(2, "", payoutfile.TooManyCells, "a")}},
		"several on one line":      {head + "a;-1;EUR;abc\n", []payoutfile.Fault{fault(2, "currency", payoutfile.BadCurrency, "a"), fault(2, "phone", payoutfile.BadPhone, "a")}},
		"lines counted over gaps":  {head + "\n\na;5;XAF;abc\n", []payoutfile.Fault{fault(4, "phone", payoutfile.BadPhone, "a")}},
		"a stray quotation mark":   {head + "a;5;XAF;+24177001234\nb\"c;5;XAF;+24177001234\n", []payoutfile.Fault{fault(3, "", payoutfile.Quotes, "")}},
		"columns missing":          {"reference;montant\na;5\n", []payoutfile.Fault{fault(1, "currency", payoutfile.NoColumn, ""), fault(1, "phone", payoutfile.NoColumn, "")}},
		"a column twice":           {"ref;montant;amount;devise;tel\na;5;5;XAF;+24177001234\n", []payoutfile.Fault{fault(1, "amount", payoutfile.ColumnTwice, "")}},
		"no headings":              {"a;5;XAF;+24177001234\n", []payoutfile.Fault{fault(1, "", payoutfile.NoHeadings, "")}},
		"no lines":                 {head + ";;;\n", []payoutfile.Fault{fault(0, "", payoutfile.Empty, "")}},
		"nothing":                  {"\ufeff \n", []payoutfile.Fault{fault(0, "", payoutfile.Empty, "")}},
		"a workbook":               {"PK\x03\x04\x14\x00", []payoutfile.Fault{fault(0, "", payoutfile.NotText, "")}},
		"UTF-16":                   {"\xff\xfer\x00e\x00f\x00", []payoutfile.Fault{fault(0, "", payoutfile.Encoding, "")}},
		"bytes of no character":    {head + "a\x81;5;XAF;+24177001234\n", []payoutfile.Fault{fault(0, "", payoutfile.Encoding, "")}},
		"a file too large":         {head + strings.Repeat(" ", payoutfile.MaxBytes), []payoutfile.Fault{fault(0, "", payoutfile.TooLarge, "")}},
	} {
		t.Run(name, func(t *testing.T) {
			if f := payoutfile.Read([]byte(c.content), "", most); !slices.Equal(f.Faults, c.want) {
				t.Errorf("got  %+v\nwant %+v", f.Faults, c.want)
			}
		})
	}
}

func TestNumbersInLocalFormAreOfTheCountryThatWasChosen(t *testing.T) {
	f := payoutfile.Read([]byte("ref;montant;devise;tel\na;5;XAF;077 00 12 34\nb;5;XOF;+225 07 00 00 01 00\n"), "GA", most)
	if len(f.Faults) > 0 || len(f.Payouts) != 2 || f.Payouts[0].Phone != "+24177001234" || f.Payouts[1].Phone != "+2250700000100" {
		t.Errorf("got %+v", f)
	}
}

func TestAFileBeyondTheLongestBatchIsRefusedAsAWhole(t *testing.T) {
	var b strings.Builder
	b.WriteString("ref;montant;devise;tel\n")
	for i := range most {
		fmt.Fprintf(&b, "p%d;5;XAF;+24177001234\n", i)
	}
	if f := payoutfile.Read([]byte(b.String()), "", most); len(f.Payouts) != most || len(f.Faults) > 0 {
		t.Errorf("%d payouts, faults %+v; want %d and none", len(f.Payouts), f.Faults, most)
	}
	b.WriteString("bad line\n")
	f := payoutfile.Read([]byte(b.String()), "", most)
	if len(f.Payouts) > 0 || !slices.Equal(f.Faults, []payoutfile.Fault{{Reason: payoutfile.TooMany}}) {
		t.Errorf("%d payouts, faults %+v", len(f.Payouts), f.Faults)
	}
}

func FuzzNoFileMakesReadPanicOrPayNothing(f *testing.F) {
	f.Add([]byte("ref;montant;devise;tel\na;15 000;XAF;+24177001234\n"))
	f.Add([]byte("\xff\xfe"))
	f.Add([]byte("ref\tmontant\tdevise\ttel\n\"\t;,\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		file := payoutfile.Read(content, "GA", 3)
		if len(file.Payouts) > 3 || len(file.Payouts)+len(file.Faults) == 0 {
			t.Errorf("%d payouts and %d faults", len(file.Payouts), len(file.Faults))
		}
		for _, p := range file.Payouts {
			if !p.Amount.IsPositive() || p.Phone == "" || p.Reference == "" || p.Line < 2 {
				t.Errorf("a payout of %+v", p)
			}
		}
	})
}
