package dashboard

import (
	"maps"
	"net/http"
	"slices"

	"github.com/passerelle-pay/passerelle/pay"
)

// question is what a person is asked before an act that nobody takes back, or
// that stops something at work: what will happen, and to what. It is a page
// with the same form once more, so that it needs no script.
type question struct {
	Act    string // its texts are sure.<Act> and sure.<Act>.hint
	Facts  []fact
	Back   string // where it leads who changes their mind
	Posted []input
}

// fact is a line about what it happens to; Name is a text's key.
type fact struct{ Name, Value string }

// input is one posted value, which comes back with the answer.
type input struct{ Name, Value string }

// sure is the field that the question's own form adds.
const sure = "sure"

func (v *visit) sure() bool { return v.PostFormValue(sure) != "" }

// ask answers with the question; nothing has been done.
func (h *handler) ask(v *visit, q question) error {
	for _, name := range slices.Sorted(maps.Keys(v.PostForm)) {
		for _, value := range v.PostForm[name] {
			q.Posted = append(q.Posted, input{name, value})
		}
	}
	f := h.frame(v)
	f.Data, f.Here = q, q.Back
	return h.write(v.ResponseWriter, http.StatusOK, "confirm.html", f)
}

// of says which transaction a question is about.
func (v *visit) of(t pay.Transaction, more ...fact) []fact {
	return append([]fact{{"reference", t.Reference}, {"amount", t.Amount.Format(v.words.lang)}}, more...)
}
