package reconcile_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/passerelle-pay/passerelle/internal/reconcile"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

func TestFilesOfManyMakesAreRead(t *testing.T) {
	t.Parallel()
	h := open(t, sqlitePath(t))
	h.book(payment(15000))
	h.book(booked{pay.Payment, pay.StatusSucceeded, money.New(123450, money.USD), 0, noon})
	rows := func(sep string) string {
		return strings.ReplaceAll("reference|amount|currency|status|date\nPS000000000001|15000|XAF|ACCEPTED|2026-03-02 13:00:10\nPS000000000002|1234.50|USD|ACCEPTED|2026-03-02T12:00:10Z\n", "|", sep)
	}
	for name, file := range map[string]string{
		"semicolons": rows(";"), "commas": rows(","), "tabs": rows("\t"), "bars": rows("|"),
		"a byte order mark":     "\ufeff" + rows(";"),
		"Windows-1252":          "Relev\xe9\nR\xe9f\xe9rence;Montant;Devise;Statut;Date\nPS000000000001;15\xa0000;XAF;R\xe9ussi;02/03/2026 13:00\nPS000000000002;1.234,50;USD;R\xe9ussie;02/03/2026 13:00\n",
		"UTF-8 with accents":    "Réf.;MONTANT;Devise;État;Date\nPS000000000001;15\u202f000 F CFA;FCFA;succès;02/03/2026\nPS000000000002;1 234,5;USD;PAYÉ;02/03/2026\n",
		"quotes and CRLF":       "\"reference\",\"amount\",\"currency\",\"status\",\"date\"\r\n\"PS000000000001\",\"15,000\",\"XAF\",\"accepted\",\"2026-03-02\"\r\n\"PS000000000002\",\"1,234.50\",\"USD\",\"accepted\",\"2026-03-02\"\r\n",
		"titles and a total":    "Acme Pay;;\n\nPériode;mars 2026\n" + rows(";") + ";;;;\nTotal;16234,50;;;\n",
		"no status, no time":    "Référence;Montant;Devise\nPS000000000001;15000;XAF\nPS000000000002;1234,50;USD\n",
		"no newline at its end": strings.TrimSuffix(rows(";"), "\n"),
	} {
		run := h.reconcile(file)
		if f := run.Figures; f.Matched != 2 || f.Lines != 2 || f.Differ() != 0 {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestHeadingsAndWordsCanBeNamed(t *testing.T) {
	t.Parallel()
	h := open(t, sqlitePath(t))
	h.book(payment(15000))
	run := h.reconcile("reference;Client;Brut;amount;Fait\nX;PS000000000001;15000;14850;Oui\nY;PS000000000009;15000;14850;Non\n", func(o *reconcile.Order) {
		o.Columns = map[provider.StatementColumn]string{
			provider.ColumnReference: "client", provider.ColumnAmount: "Brut", provider.ColumnStatus: "Fait", provider.ColumnProviderReference: "reference",
		}
		o.Paid, o.Unpaid, o.Currency = []string{"oui"}, []string{"non"}, money.XAF
	})
	if f := run.Figures; f.Matched != 1 || f.Unpaid != 1 || f.Differ() != 0 {
		t.Errorf("%+v", f)
	}
}

func TestABadFileIsRefusedByLineAndColumnAndChangesNothing(t *testing.T) {
	t.Parallel()
	h := open(t, sqlitePath(t))
	h.book(payment(100))
	good := line(reference(1), "", "100", "ACCEPTED", "", noon)
	strangers := header
	for i := range 60 {
		strangers += line(fmt.Sprintf("AUTRE-%d", i), "", "100", "ACCEPTED", "", noon)
	}
	for name, tt := range map[string]struct{ file, says string }{
		"nothing":             {"", "no line below its headings"},
		"headings alone":      {header, "no line below its headings"},
		"UTF-16":              {"\xff\xfeR\x00", "UTF-16"},
		"no amount":           {"reference;date\nX;2026-03-02\n", "amount: no heading stands for this fact"},
		"no headings":         {"PS1;100;XAF\n", "no heading stands for this fact"},
		"not an amount":       {header + good + line(reference(2), "", "1o0", "ACCEPTED", "", noon), `line 3, column "Montant": not an amount`},
		"decimals of francs":  {header + line(reference(2), "", "1,50", "ACCEPTED", "", noon), `line 2, column "Montant"`},
		"no amount given":     {header + line(reference(2), "", "", "ACCEPTED", "", noon), `line 2, column "Montant"`},
		"fees":                {header + strings.Replace(good, "XAF;;", "XAF;x;", 1), `line 2, column "Frais"`},
		"a strange status":    {header + good + good + line(reference(2), "", "1", "PEUT-ÊTRE", "", noon), `line 4, column "Statut": a status`},
		"a strange kind":      {header + line(reference(2), "", "1", "ACCEPTED", "cadeau", noon), `line 2, column "Type": not a kind`},
		"a strange time":      {header + strings.Replace(good, "02/03/2026", "2026.03.02", 1), `line 2, column "Date": not a date`},
		"a strange currency":  {header + strings.Replace(good, "XAF", "EUR", 1), `line 2, column "Devise": no currency`},
		"no reference":        {header + line("", "", "1", "ACCEPTED", "", noon), `line 2, column "Référence": the line needs a reference`},
		"a long reference":    {header + line(strings.Repeat("x", 300), "", "1", "ACCEPTED", "", noon), `line 2, column "Référence"`},
		"a quote without end": {header + good + `"` + strings.Repeat("x;\n", 600_000), "line 3: the line is not CSV"},
		"an endless line":     {header + good + strings.Repeat("x", 3<<20), "line 3: the line is not CSV"},
		"another connection":  {strangers, "no line is about this connection"},
	} {
		t.Run(name, func(t *testing.T) {
			run, err := h.Run(t.Context(), h.order(), strings.NewReader(tt.file))
			var p *reconcile.Problem
			if !errors.As(err, &p) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %q", err, tt.says)
			}
			stored, err := h.Find(t.Context(), h.caller, run.ID)
			if err != nil || stored.Status != reconcile.Failed || stored.Problem == nil || *stored.Problem != *p {
				t.Errorf("stored is %+v, %v", stored, err)
			}
		})
	}
	if n := len(h.cases("")); n != 0 {
		t.Errorf("%d cases were made of files that were refused", n)
	}
}

func TestAPeriodIsNeededWhereNoTimeSaysIt(t *testing.T) {
	t.Parallel()
	h := open(t, sqlitePath(t))
	h.book(payment(100))
	o := reconcile.Order{MerchantID: h.caller.MerchantID, Connection: h.connection}
	_, err := h.Run(t.Context(), o, strings.NewReader("reference;amount;currency\nPS000000000001;100;XAF\n"))
	if err == nil || !strings.Contains(err.Error(), "--from and --to") {
		t.Errorf("got %v", err)
	}
	run, err := h.Run(t.Context(), o, strings.NewReader("reference;amount;currency;date\nPS000000000001;100;XAF;2026-03-02\n"))
	h.must(err)
	// A day of Libreville begins at 23:00 UTC of the day before.
	if from, to := run.From.Format("02 15:04"), run.To.Format("02 15:04"); from != "01 23:00" || to != "02 23:00" {
		t.Errorf("the period is %s to %s", from, to)
	}
}

func TestAReaderThatBreaksIsNoProblemOfTheFile(t *testing.T) {
	t.Parallel()
	h := open(t, sqlitePath(t))
	run, err := h.Run(t.Context(), h.order(), iotest.ErrReader(errors.New("the disk is gone")))
	if err == nil || run.Problem == nil || run.Problem.Code != reconcile.Broken {
		t.Errorf("got %v, %+v", err, run.Problem)
	}
}
