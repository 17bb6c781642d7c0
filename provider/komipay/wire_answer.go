package komipay

import (
	"encoding/json"
	"errors"
	"strings"
)

// The values of statut, as they stand in the JSON: a text is told from a
// boolean by its quotes. The truthy "TF" is a refusal.
const (
	statutTrue  = `true`
	statutFalse = `false`
	statutTS    = `"TS"`  // succeeded
	statutTF    = `"TF"`  // failed
	statutTE    = `"TE"`  // expired
	statutTIP   = `"TIP"` // in progress
	statutTA    = `"TA"`  // ambiguous
)

// The values of transactionStatus and etat.
const (
	stateSuccess  = "Success"
	stateFailed   = "Echec"
	statePending  = "Pending"
	stateNotFound = "notFound"
	etatSuccess   = "SUCCESS"
	etatFailed    = "ECHEC"
	etatPending   = "ATTENTE"
)

// Answer is what KomiPay answers to any call, with what it left out empty.
type Answer struct {
	HTTPStatus int
	// Code is the body's, 0 when it is null, absent or no whole number.
	Code int
	// Statut is the JSON text of statut: true, false, "TF" with its quotes.
	Statut            string
	Message           string
	Etat              string
	TransactionStatus string
	// Reference is KomiPay's (KP-…), ExternalReference the merchant's.
	Reference         string
	ExternalReference string
	// CodeValidation and CodeAchat are for the payer of a nita_transfert.
	CodeValidation string
	CodeAchat      string
	// RedirectURL is the 3-D Secure page.
	RedirectURL string
	// Amount is the text of montant_total.
	Amount string
	// Attempts is how many SMS codes were asked for.
	Attempts int

	token   string
	cvv     string
	success string // the seed's shape: the JSON text of success
}

// seedShape tells the shape that an integrator's backend answers in the seed's
// last example.
func (a Answer) seedShape() bool { return a.success != "" }

var errUnreadable = errors.New("the answer is not a JSON object")

// readAnswer reads an answer's body. A field of another type than documented
// counts as absent: it then proves nothing.
func readAnswer(httpStatus int, body []byte) (Answer, error) {
	f, err := parseFields(body)
	if err != nil {
		return Answer{}, errUnreadable
	}
	data, detail := f.object("data"), f.object("dataTransaction")
	a := Answer{
		HTTPStatus: httpStatus, Code: f.whole("code"), Statut: f.raw("statut"), Message: f.string("message"),
		Etat:              f.string("etat"),
		TransactionStatus: first(data.string("transactionStatus"), f.string("transactionStatus")),
		Reference:         first(f.string("reference_transaction"), f.string("reference"), detail.string("reference_transaction")),
		ExternalReference: first(f.string("reference_externe"), detail.string("reference_externe")),
		CodeValidation:    first(f.scalar("code_validation"), data.scalar("code_validation")),
		CodeAchat:         first(f.scalar("code_achat"), data.scalar("code_achat")),
		RedirectURL:       f.string("redirect_portail_auth"),
		Amount:            detail.scalar("montant_total"),
		Attempts:          f.whole("tentative"),
		token:             f.string("token"),
		cvv:               first(f.string(fieldEncrypted), f.string("cvv_encrypt")),
	}
	_, hasCode := f["code"]
	_, hasStatut := f["statut"]
	if reference := f.string("transactionReference"); !hasCode && !hasStatut && reference != "" {
		a.Reference, a.ExternalReference = reference, f.string("externalReference")
		a.success = first(f.raw("success"), "null")
	}
	return a, nil
}

// accepted is the rule of success: the code and statut together.
func (a Answer) accepted() bool {
	return (a.Code == 200 || a.Code == 201) && (a.Statut == statutTrue || a.Statut == statutTS)
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// parseFields reads one JSON object and nothing after it.
func parseFields(body []byte) (fields, error) {
	var f fields
	if err := json.Unmarshal(body, &f); err != nil {
		return nil, errors.New("not a JSON object") // the parser's message may quote a secret
	}
	if f == nil {
		return nil, errors.New("null")
	}
	return f, nil
}

// raw is the JSON text of a field, "" when it is absent or null.
func (f fields) raw(name string) string {
	text := strings.TrimSpace(string(f[name]))
	if text == "null" {
		return ""
	}
	return text
}

// string is the value of a text, "" for anything else.
func (f fields) string(name string) string {
	var s string
	if json.Unmarshal(f[name], &s) != nil {
		return ""
	}
	return s
}

// scalar is the value of a text, a number or a boolean, "" for anything else.
func (f fields) scalar(name string) string {
	switch raw := f.raw(name); {
	case raw == "", raw[0] == '{', raw[0] == '[':
		return ""
	case raw[0] == '"':
		return f.string(name)
	default:
		return raw
	}
}

// whole is the value of a whole number, 0 for anything else.
func (f fields) whole(name string) int {
	var n int
	if json.Unmarshal(f[name], &n) != nil {
		return 0
	}
	return n
}

func (f fields) object(name string) fields {
	var o fields
	if json.Unmarshal(f[name], &o) != nil {
		return nil
	}
	return o
}
