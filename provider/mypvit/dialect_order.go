package mypvit

import (
	"crypto/rand"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/phone"
	"github.com/passerelle-pay/passerelle/provider"
)

// The names in a transaction's FrontData.
const (
	dataService     = "service"
	dataOperator    = "operator"
	dataNumber      = "customer_account_number"
	dataOwner       = "owner_charge"
	dataOwnerOp     = "owner_charge_operator"
	dataFreeInfo    = "free_info"
	dataAgent       = "agent"
	dataProduct     = "product"
	dataCallbackURL = "callback_url"
	dataMedia       = "callback_media_type"
	dataTerminal    = "terminal_id"
)

// taken is an order that has passed the checks.
type taken struct {
	Order
	amount   money.Amount
	number   phone.Number
	operator string
	account  account
	callback address
	media    string
}

// takeOrder reads and checks what rest and link have in common, in the
// documented order of the checks.
func (c *call) takeOrder(f fields, services ...string) (taken, error) {
	o, err := c.readOrder(f, services)
	if err != nil {
		return taken{}, err
	}
	t := taken{Order: o}
	if t.account, err = c.account(o.Account); err != nil {
		return taken{}, err
	}
	if o.CallbackURLCode != "" {
		t.callback, err = c.addressOf(o.CallbackURLCode, useCallback, codeInvalidCallback, codeCallbackNotActive)
		if err != nil {
			return taken{}, err
		}
	}
	if err := c.checkType(o.TransactionType); err != nil {
		return taken{}, err
	}
	// Giving change has no callback, so a header about one says nothing to it.
	if c.op.name == "link" || o.TransactionType == TypePayment {
		if t.media, err = c.callbackMedia(); err != nil {
			return taken{}, err
		}
	}
	if err := c.takeNumber(&t); err != nil {
		return taken{}, err
	}
	return t, c.takeAmount(&t)
}

// readOrder reads the fields: what is missing comes before what is ill-formed.
func (c *call) readOrder(f fields, services []string) (Order, error) {
	number := []string{"customer_account_number"}
	if c.op.name == "link" {
		// The spelling of the document's WEB sample.
		number = append(number, "customer_acccount_number")
	}
	o := Order{
		Agent: f.text("agent"), Amount: Decimal(f.text("amount")), Product: f.text("product"),
		Reference: f.text("reference"), Service: f.text("service"), CallbackURLCode: f.text("callback_url_code"),
		CustomerAccountNumber: f.text(number...), Account: f.text("merchant_operation_account_code"),
		TransactionType: f.text("transaction_type"), OwnerCharge: f.text("owner_charge"),
		OwnerChargeOperator: f.text("owner_charge_operator", "operator_owner_charge"), FreeInfo: f.text("free_info"),
		FailedRedirectionCode:  f.text("failed_redirection_url_code"),
		SuccessRedirectionCode: f.text("success_redirection_url_code"), OperatorCode: f.text("operator_code"),
	}
	if err := c.checkPresence(f, o); err != nil {
		return Order{}, err
	}
	if broken := c.brokenRules(f, o, services); len(broken) > 0 {
		return Order{}, constraint(broken...)
	}
	if !slices.Contains(services, o.Service) {
		return Order{}, refuse(codeServiceNotFound)
	}
	return o, nil
}

func (c *call) checkPresence(f fields, o Order) error {
	required := []struct{ name, text string }{
		{"amount", string(o.Amount)},
		{"reference", o.Reference},
		{"service", o.Service},
		{"callback_url_code", o.CallbackURLCode},
		{"customer_account_number", o.CustomerAccountNumber},
		{"merchant_operation_account_code", o.Account},
		{"transaction_type", o.TransactionType},
		{"owner_charge", o.OwnerCharge},
	}
	for _, field := range required {
		v, there := f[field.name]
		switch {
		case field.text != "", there && v.kind == otherValue:
			continue
		case field.name == "callback_url_code" && c.op.name == "rest" && o.TransactionType == TypeGiveChange:
			continue
		case field.name == "transaction_type" && there && v.kind == nullValue:
			return refuse(codeNullType)
		}
		return missing(field.name)
	}
	if c.v2 && c.op.name == "rest" && o.OperatorCode == "" {
		return refuse(codeNullOperator)
	}
	return nil
}

// maxLengths are the documented lengths, and sane ones for codes.
var maxLengths = []struct {
	name string
	max  int
}{
	{"agent", 15},
	{"product", 15},
	{"reference", 15},
	{"free_info", 15},
	{"customer_account_number", 20},
	{"customer_acccount_number", 20},
	{"merchant_operation_account_code", 40},
	{"callback_url_code", 12},
	{"failed_redirection_url_code", 12},
	{"success_redirection_url_code", 12},
	{"operator_code", 40},
	{"amount", 24},
}

// brokenRules names the fields whose values can't be taken.
func (c *call) brokenRules(f fields, o Order, services []string) []string {
	var broken []string
	for name, v := range f {
		switch {
		case !knownField(name):
		case v.kind == otherValue:
			broken = append(broken, name+": must be a single value")
		case v.kind == numberValue && name != "amount":
			broken = append(broken, name+": must be a text")
		}
	}
	for _, m := range maxLengths {
		if utf8.RuneCountInString(f.text(m.name)) > m.max {
			broken = append(broken, m.name+": too long")
		}
	}
	if _, ok := amountOf(o.Amount); !ok {
		broken = append(broken, "amount: must be a whole number")
	}
	if strings.ContainsFunc(o.Reference, func(r rune) bool { return !unicode.IsPrint(r) }) {
		broken = append(broken, "reference: must be printable")
	}
	if c.op.name == "rest" && o.Service != ServiceRESTful || c.op.name == "link" && o.Service == ServiceRESTful {
		broken = append(broken, "service: must be "+strings.Join(services, ", "))
	}
	broken = append(broken, ownerRules(f, o)...)
	if c.book.Options.get(optFreeInfo) == "strict" && strings.ContainsFunc(o.FreeInfo, func(r rune) bool { return !freeInfoRune(r) }) {
		broken = append(broken, "free_info: only letters, digits, dash and space")
	}
	return broken
}

func ownerRules(f fields, o Order) []string {
	var broken []string
	owners := []string{OwnerMerchant, OwnerCustomer}
	if !slices.Contains(owners, o.OwnerCharge) {
		broken = append(broken, "owner_charge: must be MERCHANT or CUSTOMER")
	}
	if o.OwnerChargeOperator != "" && !slices.Contains(owners, o.OwnerChargeOperator) {
		broken = append(broken, "owner_charge_operator: must be MERCHANT or CUSTOMER")
	}
	x, y := f.text("owner_charge_operator"), f.text("operator_owner_charge")
	if x != "" && y != "" && x != y {
		broken = append(broken, "owner_charge_operator: contradicts operator_owner_charge")
	}
	return broken
}

// knownField reports whether the order has a field of that name; others are
// ignored.
func knownField(name string) bool {
	for _, m := range maxLengths {
		if m.name == name {
			return true
		}
	}
	return slices.Contains([]string{
		"service", "transaction_type", "owner_charge", "owner_charge_operator", "operator_owner_charge",
	}, name)
}

func freeInfoRune(r rune) bool {
	return r == '-' || r == ' ' || r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// amountOf takes 200, 200.0 and 200.00: the franc has no fraction.
func amountOf(d Decimal) (money.Amount, bool) {
	if _, decimals, ok := strings.Cut(string(d), "."); ok && len(decimals) > 2 {
		return money.Amount{}, false
	}
	a, err := d.XAF()
	return a, err == nil
}

// checkType checks the type of transaction against what is open to the account.
func (c *call) checkType(t string) error {
	switch {
	case t != TypePayment && t != TypeGiveChange:
		return refuse(codeTypeNotFound)
	case c.inactive("type:" + t):
		return refuse(codeTypeNotActive)
	case c.notAllowed("account_type:" + t):
		return refuse(codeTypeNotAllowed)
	case c.inactive("account_type:" + t):
		return refuse(codeAccountTypeNotActive)
	}
	return nil
}

func (c *call) callbackMedia() (string, error) {
	switch media := c.r.Header.Get(headerCallbackMedia); media {
	case "", mediaJSON:
		return mediaJSON, nil
	case mediaXML:
		return mediaXML, nil
	}
	return "", refuse(codeMediaType)
}

// wireNumber has the forms in which MyPVit takes a number: nine digits, or 241
// and eight or nine, with or without a plus (wire: mypvit §2.2).
var wireNumber = regexp.MustCompile(`^(0|\+?2410?)[67][0-9]{7}$`)

// takeNumber reads the customer's number, deduces the operator and checks both.
func (c *call) takeNumber(t *taken) (err error) {
	t.number, t.operator, err = gabonese(t.CustomerAccountNumber)
	if err != nil || !wireNumber.MatchString(t.CustomerAccountNumber) {
		return refuse(codeInvalidPhone)
	}
	if err := c.checkService(t.Service); err != nil {
		return err
	}
	if t.Service == ServiceCard {
		t.operator = ServiceCard
	} else if err := c.checkOperator(t); err != nil {
		return err
	}
	return c.checkCustomer(t.number.E164())
}

func (c *call) checkService(service string) error {
	switch {
	case c.inactive("service:" + service):
		return refuse(codeServiceNotActive)
	case c.notAllowed("service:" + service):
		return refuse(codeServiceNotSupported)
	}
	return nil
}

func (c *call) checkOperator(t *taken) error {
	if c.v2 && c.op.name == "rest" {
		id := operatorID(t.OperatorCode)
		if id == "" {
			return refuse(codeOperatorNotFound)
		}
		if id != operatorID(t.operator) && c.book.Options.get(optOperatorCheck) == "strict" {
			return refuse(codeOperatorMismatch)
		}
	}
	if t.account.Operator != "" && t.account.Operator != t.operator {
		return refuse(codeOperatorMismatch)
	}
	service, transaction := t.operator+"/"+t.Service, t.operator+"/"+t.TransactionType
	switch {
	case c.inactive("operator:" + t.operator):
		return refuse(codeOperatorNotActive)
	case c.notAllowed("operator_service:" + service):
		return refuse(codeOperatorServiceRefused)
	case c.inactive("operator_service:" + service):
		return refuse(codeOperatorServiceInactive)
	case c.notAllowed("operator_type:" + transaction):
		return refuse(codeOperatorTypeRefused)
	case c.inactive("operator_type:" + transaction):
		return refuse(codeOperatorTypeInactive)
	}
	return nil
}

func (c *call) checkCustomer(e164 string) error {
	switch {
	case c.book.Options.numbersIn(customerBlocked, e164):
		return refuse(codeCustomerBlocked)
	case c.book.Options.numbersIn(customerWithoutPIN, e164):
		return refuse(codePINNotSet)
	case c.book.Options.numbersIn(customerUnknown, e164):
		return refuse(codeCustomerUnknown)
	}
	return nil
}

// takeAmount checks the limits of one transaction and of the account.
func (c *call) takeAmount(t *taken) error {
	t.amount, _ = amountOf(t.Amount) // brokenRules has read it
	options := c.book.Options
	switch {
	case t.amount.Minor <= minimumAmount, c.v2 && t.amount.Minor < options.number(optV2Minimum):
		return refuse(codeAmountTooLow)
	case options.get(optMaxAmount) != "" && t.amount.Minor > options.number(optMaxAmount):
		return refuse(codeAmountTooHigh)
	}
	if options.get(optMaxBalance) == "" || t.TransactionType != TypePayment {
		return nil
	}
	b, err := c.gateway.Balance(c.r.Context(), c.caller(t.account), money.XAF)
	if err != nil {
		return err
	}
	after, err := b.Available.Add(t.amount)
	if err != nil || after.Minor > options.number(optMaxBalance) {
		return refuse(codeBalanceReached)
	}
	return nil
}

// request is what rest and link ask of the gateway alike.
func (c *call) request(t taken) provider.Request {
	kind, prefix := pay.Payment, "PAY"
	if t.TransactionType == TypeGiveChange {
		kind, prefix = pay.Payout, "GCH"
	}
	bearer := pay.MerchantBears
	if t.OwnerCharge == OwnerCustomer {
		bearer = pay.CustomerBears
	}
	return provider.Request{
		Kind: kind, Reference: t.Reference, NewFrontReference: c.newReferenceID(prefix),
		Amount: t.amount, Description: t.Product, FeeBearer: bearer,
		Customer: pay.Customer{Phone: t.number.E164(), Country: country},
		FrontData: map[string]string{
			dataService: t.Service, dataOperator: t.operator, dataNumber: t.CustomerAccountNumber,
			dataOwner: t.OwnerCharge, dataOwnerOp: t.OwnerChargeOperator, dataFreeInfo: t.FreeInfo,
			dataAgent: t.Agent, dataProduct: t.Product, dataCallbackURL: t.callback.URL, dataMedia: t.media,
		},
	}
}

// newReferenceID makes PAY or GCH, the day in Libreville and seven digits.
func (c *call) newReferenceID(prefix string) func() string {
	return func() string {
		// rand.Int fails only if its source does, and that ends the program.
		n, _ := rand.Int(rand.Reader, big.NewInt(10_000_000))
		digits := n.String()
		return prefix + c.gateway.Now().In(libreville).Format("020106") + strings.Repeat("0", 7-len(digits)) + digits
	}
}
