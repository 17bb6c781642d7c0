package dashboard

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/passerelle-pay/passerelle/internal/reconcile"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

const (
	statementPath = "/dashboard/reconciliation"
	// maxStatement bounds an upload: a line of a statement takes about 100 bytes,
	// so that it holds over a million of them.
	maxStatement = 200 << 20
	// maxField bounds what is typed beside the file.
	maxField = 4 << 10
	// maxFileName is how much of a file's name is kept.
	maxFileName = 120
)

// reconciliationPage is the list of runs, the cases that are open, and the form
// that takes a statement.
type reconciliationPage struct {
	Runs    []reconcile.Run
	Older   string
	Rails   []sqlgen.Connection
	Names   map[string]string // of connections
	Open    map[string]map[reconcile.Difference]int64
	Columns []provider.StatementColumn
	Kinds   []pay.Kind
	Differs []reconcile.Difference
	Typed   map[string]string
}

// Field is what was typed into a field.
func (p reconciliationPage) Field(name string) string { return p.Typed[name] }

func (h *handler) reconciliation(v *visit) error { return h.showReconciliation(v, nil, nil) }

func (h *handler) showReconciliation(v *visit, typed map[string]string, fault error) error {
	before := v.URL.Query().Get("before")
	if !plainID.MatchString(before) {
		before = ""
	}
	page := reconciliationPage{
		Names: map[string]string{}, Columns: provider.StatementColumns(), Typed: typed,
		Kinds: []pay.Kind{pay.Payment, pay.Payout, pay.Refund}, Differs: reconcile.Differences(),
	}
	var err error
	if page.Rails, err = h.rails(v.Context(), v); err != nil {
		return err
	}
	for _, c := range page.Rails {
		page.Names[c.ID] = c.Name
	}
	if page.Open, err = h.Reconcile.OpenCases(v.Context(), v.caller()); err != nil {
		return err
	}
	if page.Runs, err = h.Reconcile.Runs(v.Context(), v.caller(), before, pageSize+1); err != nil {
		return err
	}
	if len(page.Runs) > pageSize {
		page.Runs = page.Runs[:pageSize]
		page.Older = "?before=" + page.Runs[pageSize-1].ID
	}
	return h.fault(v, "reconciliation.html", page, fault)
}

// uploadStatement takes a statement and has it reconciled beside the request.
func (h *handler) uploadStatement(v *visit) error {
	typed, file, name, err := readStatement(v)
	if err != nil {
		return h.refuseStatement(v, typed, err)
	}
	o, err := h.statementOrder(v, typed, name)
	if err != nil {
		return h.refuseStatement(v, typed, errors.Join(err, file.Close()))
	}
	var run reconcile.Run
	err = h.act(v, "statement.reconcile", o.Connection, name, func() error {
		run, err = h.Reconcile.Start(v.Context(), o, file)
		return err
	})
	if err != nil {
		return h.refuseStatement(v, typed, err)
	}
	return h.done(v, statementPath+"/runs/"+run.ID, "")
}

func (h *handler) refuseStatement(v *visit, typed map[string]string, err error) error {
	var e *pay.Error
	if errors.As(err, &e) {
		return h.showReconciliation(v, typed, e)
	}
	return err
}

// spooled is an uploaded file, which is gone when it is closed.
type spooled struct{ *os.File }

// Close implements io.Closer.
func (s spooled) Close() error {
	err := s.File.Close()
	if gone := os.Remove(s.Name()); !errors.Is(gone, os.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}

// readStatement spools the file of the form, as it may be large, and reads what
// was typed beside it.
func readStatement(v *visit) (typed map[string]string, file *spooled, name string, err error) {
	typed = map[string]string{}
	defer func() {
		if err != nil && file != nil {
			err = errors.Join(err, file.Close())
			file = nil
		}
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			err = pay.InvalidAs("statement_too_large", "file", "the file is too large")
		}
	}()
	form, err := v.MultipartReader()
	if err != nil {
		return typed, nil, "", pay.Invalid("form", "the form can't be read")
	}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return typed, file, name, unreadable(err)
		}
		if part.FormName() == "file" && file == nil {
			name = fileName(part.FileName())
			if file, err = spool(part); err != nil {
				return typed, file, name, unreadable(err)
			}
			continue
		}
		text, err := io.ReadAll(io.LimitReader(part, maxField))
		if err != nil {
			return typed, file, name, unreadable(err)
		}
		typed[part.FormName()] = strings.TrimSpace(string(text))
	}
	if file == nil || name == "" {
		return typed, file, name, pay.InvalidAs("no_statement", "file", "no file was chosen")
	}
	return typed, file, name, nil
}

// unreadable keeps what is ours apart from a form that broke off.
func unreadable(err error) error {
	var large *http.MaxBytesError
	var path *os.PathError
	if errors.As(err, &large) || errors.As(err, &path) {
		return err
	}
	return pay.Invalid("form", "the form can't be read")
}

func spool(part *multipart.Part) (*spooled, error) {
	f, err := os.CreateTemp("", "passerelle-upload-*")
	if err != nil {
		return nil, err
	}
	file := &spooled{f}
	if _, err := io.Copy(f, part); err != nil {
		return file, err
	}
	_, err = f.Seek(0, io.SeekStart)
	return file, err
}

// fileName keeps the last part of a name, without what does not print.
func fileName(name string) string {
	name = filepath.Base(strings.ReplaceAll(name, `\`, "/"))
	runes := slices.DeleteFunc([]rune(name), func(r rune) bool { return !unicode.IsPrint(r) })
	if name == "." || name == "/" {
		return ""
	}
	return string(runes[:min(len(runes), maxFileName)])
}

// statementOrder reads what was typed.
func (h *handler) statementOrder(v *visit, typed map[string]string, name string) (reconcile.Order, error) {
	o := reconcile.Order{MerchantID: v.MerchantID, Connection: typed["connection"], FileName: name, By: v.Email}
	rails, err := h.rails(v.Context(), v)
	if err != nil {
		return o, err
	}
	i := slices.IndexFunc(rails, func(c sqlgen.Connection) bool { return c.ID == o.Connection })
	if i < 0 {
		return o, pay.NotFound("connection")
	}
	p, ok := h.Gateway.Provider(rails[i].Provider)
	if !ok {
		return o, pay.NotFound("provider")
	}
	if o.From, o.To, err = reconcile.Days(p, typed["from"], typed["to"]); err != nil {
		return o, err
	}
	if kind := pay.Kind(typed["only"]); kind != "" {
		if kind != pay.Payment && kind != pay.Payout && kind != pay.Refund {
			return o, pay.Invalid("only", "no such kind")
		}
		o.Only = []pay.Kind{kind}
	}
	if o.Currency = money.Currency(typed["currency"]); o.Currency != "" && !o.Currency.Valid() {
		return o, pay.Invalid("currency", "no such currency")
	}
	o.Paid, o.Unpaid = listed(typed["paid"]), listed(typed["unpaid"])
	o.Columns = map[provider.StatementColumn]string{}
	for _, column := range provider.StatementColumns() {
		if heading := typed["column."+string(column)]; heading != "" {
			o.Columns[column] = heading
		}
	}
	return o, nil
}

// listed parts words at commas.
func listed(text string) (words []string) {
	for word := range strings.SplitSeq(text, ",") {
		if word = strings.TrimSpace(word); word != "" {
			words = append(words, word)
		}
	}
	return words
}
