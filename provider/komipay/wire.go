package komipay

import "encoding/json"

// Paths (wire: komipay §1). Those of the payment calls are below versionPath.
const (
	basePath    = "/APIs/mobile_money.php"
	versionPath = "/customers-api-kp/v1"

	opToken        = "generateToken"
	opCollect      = "b2c_standard"
	opStatus       = "check-transaction-status"
	opEncryptCVV   = "crypt-cvv"
	opSecurityCode = "before-integration-b2c-payment-sta"
)

const (
	mediaJSON     = "application/json"
	headerKeypass = "keypass"
	// fieldEncrypted is the answer of crypt-cvv.
	fieldEncrypted = "cvv_encrpyt"
	// maxBody is the most that we read of any request or answer.
	maxBody = 1 << 20
)

// The values of mobile_money.
const (
	AirtelMoney    = "airtel_money"
	MoovFlooz      = "moov_flooz"
	ZamaniCash     = "zamani_cash"
	NitaTransfert  = "nita_transfert"
	AmanaTransfert = "amana_transfert"
	ZeynaTransfert = "zeyna_transfert"
	BankCard       = "bank_card"
)

// Family groups the means that are answered alike.
type Family int

// The families.
const (
	// Telco answers when the payment is over.
	Telco Family = iota + 1
	// STA, a money-transfer company, answers that it asks the payer.
	STA
	// CardFamily answers with the outcome or a 3-D Secure page.
	CardFamily
)

// means is one value of mobile_money.
type means struct {
	name     string
	family   Family
	operator string // id in package phone
	// account is what the payer logs in to, for the transfer companies.
	account string
}

var meansTable = []means{
	{AirtelMoney, Telco, "airtel_ne", ""},
	{MoovFlooz, Telco, "moov_ne", ""},
	{ZamaniCash, Telco, "zamani_ne", ""},
	{NitaTransfert, STA, "nita_ne", "MyNita"},
	{AmanaTransfert, STA, "amana_ne", "Amanata"},
	{ZeynaTransfert, STA, "zeyna_ne", "ZeynaCash"},
	{BankCard, CardFamily, "", ""},
}

func meansByName(name string) (means, bool) {
	for _, m := range meansTable {
		if m.name == name {
			return m, true
		}
	}
	return means{}, false
}

func meansByOperator(id string) (means, bool) {
	for _, m := range meansTable {
		if m.operator == id && id != "" {
			return m, true
		}
	}
	return means{}, false
}

// FamilyOf tells the family of a value of mobile_money, 0 for an unknown one.
func FamilyOf(name string) Family {
	m, _ := meansByName(name)
	return m.family
}

// The requests, as they go over the wire.
type (
	tokenRequest struct {
		Login    string `json:"login"`
		Password string `json:"password"`
		APIKey   string `json:"api_key"`
	}

	collectRequest struct {
		MobileMoney  string `json:"mobile_money"`
		APIKey       string `json:"api_key"`
		Amount       string `json:"montant_a_payer"`
		Phone        string `json:"numero_telephone_payeur,omitempty"`
		Name         string `json:"nom_prenom_payeur,omitempty"`
		Country      string `json:"pays_payeur,omitempty"`
		SecurityCode string `json:"security_code,omitempty"`
		Reference    string `json:"reference_externe"`
		*cardRequest
	}

	cardRequest struct {
		Number              string `json:"numero_carte_bancaire"`
		Expiry              string `json:"date_expiration"`
		CVV                 string `json:"cvv_number"` // from crypt-cvv
		JavaEnabled         bool   `json:"javaEnabled"`
		JavascriptEnabled   bool   `json:"javascriptEnabled"`
		ScreenHeight        string `json:"screenHeight"`
		ScreenWidth         string `json:"screenWidth"`
		TimeZone            string `json:"TZ"`
		ChallengeWindowSize string `json:"challengeWindowSize"`
	}

	// statusRequest spells the key without an underscore, unlike all others.
	statusRequest struct {
		APIKey    string `json:"apikey"`
		Reference string `json:"reference_transaction"`
	}

	cvvRequest struct {
		APIKey string `json:"api_key"`
		CVV    string `json:"cvv_number"`
	}

	codeRequest struct {
		MobileMoney string `json:"mobile_money"`
		Phone       string `json:"numero_telephone"`
		APIKey      string `json:"api_key"`
	}
)

// The answers that the dialect gives, in the documents' order of keys.
type (
	// plainAnswer is a refusal, and what precedes any other answer.
	plainAnswer struct {
		Code      int    `json:"code"`
		Statut    any    `json:"statut"`
		Message   string `json:"message"`
		Reference string `json:"reference_transaction,omitempty"`
	}

	tokenAnswer struct {
		Code    int    `json:"code"`
		Statut  bool   `json:"statut"`
		Message string `json:"message"`
		Token   string `json:"token"`
		Expires string `json:"expires"`
	}

	telcoAnswer struct {
		Code              int       `json:"code"`
		Statut            bool      `json:"statut"`
		Message           string    `json:"message"`
		Reference         string    `json:"reference_transaction"`
		ExternalReference string    `json:"reference_externe"`
		TransactionStatus string    `json:"transactionStatus"`
		Data              stateData `json:"data"`
	}

	staAnswer struct {
		Code              int    `json:"code"`
		Statut            bool   `json:"statut"`
		Message           string `json:"message"`
		Reference         string `json:"reference_transaction"`
		ExternalReference string `json:"reference_externe"`
		CodeValidation    string `json:"code_validation,omitempty"`
		CodeAchat         string `json:"code_achat,omitempty"`
	}

	// seedSTAAnswer is the answer in the seed, of an integrator's own backend.
	seedSTAAnswer struct {
		Success           bool   `json:"success"`
		Status            string `json:"status"`
		Message           string `json:"message"`
		Reference         string `json:"transactionReference"`
		ExternalReference string `json:"externalReference"`
		CodeValidation    string `json:"code_validation,omitempty"`
	}

	cardAnswer struct {
		Code        int             `json:"code"`
		Statut      bool            `json:"statut"`
		Etat        string          `json:"etat"`
		Message     string          `json:"message"`
		Redirect    string          `json:"redirect_portail_auth,omitempty"`
		Transaction transactionData `json:"dataTransaction"`
	}

	stateAnswer struct {
		Code              int              `json:"code"`
		Statut            bool             `json:"statut"`
		Message           string           `json:"message"`
		Etat              string           `json:"etat,omitempty"`
		TransactionStatus string           `json:"transactionStatus"`
		Reference         string           `json:"reference_transaction,omitempty"`
		ExternalReference string           `json:"reference_externe,omitempty"`
		Data              stateData        `json:"data"`
		Transaction       *transactionData `json:"dataTransaction,omitempty"`
	}

	stateData struct {
		TransactionStatus string `json:"transactionStatus"`
	}

	transactionData struct {
		Reference         string `json:"reference_transaction"`
		ExternalReference string `json:"reference_externe"`
		Amount            string `json:"montant_total"`
		Card              string `json:"carte,omitempty"`
	}

	cvvAnswer struct {
		Code      int    `json:"code"`
		Statut    bool   `json:"statut"`
		Encrypted string `json:"cvv_encrpyt"`
	}

	codeAnswer struct {
		Code     int    `json:"code"`
		Statut   bool   `json:"statut"`
		Message  string `json:"message"`
		Attempts int    `json:"tentative"`
	}

	// notification is the optional webhook's body.
	notification struct {
		Reference         string `json:"reference_transaction"`
		ExternalReference string `json:"reference_externe"`
		TransactionStatus string `json:"transactionStatus"`
		Message           string `json:"message"`
	}
)

// fields are a JSON object's, of any type: clients send numbers as text and
// text as numbers.
type fields map[string]json.RawMessage
