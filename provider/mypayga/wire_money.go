package mypayga

// Transfer is the answer of sendClientTransfert.
type Transfer struct {
	Message       Text         `json:"message"`
	Description   Text         `json:"description"`
	StatusRequest Text         `json:"statusRequest"`
	Transfer      TransferSent `json:"transfert"`
}

// TransferSent tells what became of a transfer; its amount is text here.
type TransferSent struct {
	Status   Text `json:"transfert_status"`
	Amount   Text `json:"amount"`
	ID       Text `json:"transfert_id"`
	Country  Text `json:"country"`
	Currency Text `json:"currency"`
}

// TransferStatus is the answer of getClientTransfert.
type TransferStatus struct {
	Status  Text            `json:"status"`
	Message Text            `json:"message"`
	Data    []TransferEntry `json:"data"`
}

// TransferEntry is one transfer; State is words.
type TransferEntry struct {
	Amount        Text `json:"montant_demande"`
	State         Text `json:"statut_demande"`
	RequestedAt   Text `json:"date_demande"`
	Account       Text `json:"numero_de_compte"`
	Description   Text `json:"description"`
	RecipientType Text `json:"type_destinataire"`
}

// RefundCreated is the answer of refund/create: nothing is refunded yet.
type RefundCreated struct {
	Message       Text   `json:"message"`
	StatusRequest Number `json:"statusRequest"`
	TotalAmount   Number `json:"totalAmount"`
	ClientNumber  Text   `json:"clientNumber"`
	Fees          Number `json:"frais_transaction"`
	UpdatedFees   Number `json:"updatedFees"`
	RefundID      Text   `json:"refundId"`
}

// RefundSent is the answer of refund/send.
type RefundSent struct {
	Message  Text `json:"message"`
	RefundID Text `json:"refund_id"`
	Status   Text `json:"RefundStatus"`
}

// RefundInfos is the answer of refund/infos.
type RefundInfos struct {
	Message       Text    `json:"message"`
	Exists        Number  `json:"exists"`
	Refund        *Refund `json:"refund"`
	StatusRequest Text    `json:"statusRequest"`
}

// Refund is a refund as refund/infos tells it.
type Refund struct {
	OrderAmount Number `json:"orderAmount"`
	Amount      Number `json:"amount"`
	Status      Text   `json:"status"`
	RequestedAt Text   `json:"requestDate"`
	DoneAt      *Text  `json:"opeDate"`
	Method      Text   `json:"paymentMethod"`
	Type        Text   `json:"refundType"`
	ID          Text   `json:"refundId"`
	Message     Text   `json:"message"`
	Description Text   `json:"description"`
}

// Paying is the answer of POST /v1/payment. CheckoutURL is a card's page,
// WaveURL opens the wallet of that name.
type Paying struct {
	RequestStatus Number `json:"request_status"`
	Message       Text   `json:"message"`
	PaymentToken  Text   `json:"payment_token"`
	CheckoutURL   Text   `json:"checkout_url,omitempty"`
	WaveURL       Text   `json:"wave_launch_url,omitempty"`
}

// Network is the answer of GET /network.
type Network struct {
	StatusRequest Number `json:"statusRequest"`
	Network       Text   `json:"network"`
	Service       Text   `json:"mobile_money_svce"`
	Code          Text   `json:"mobile_money_code"`
}

// Verified is the answer of GET /verify.
type Verified struct {
	StatusRequest Number `json:"statusRequest"`
	OrderStatus   Text   `json:"order_status"`
	UniqueID      Text   `json:"unique_id"`
	Amount        Text   `json:"amount"`
	PaymentToken  Text   `json:"payment_token"`
	Method        Text   `json:"payment_method"`
	Message       Text   `json:"message"`
	ClientPhone   Text   `json:"client_phone"`
	Currency      Text   `json:"currency"`
}

// PaymentOrder is the body of POST /v1/payment.
type PaymentOrder struct {
	APIKey      string      `json:"apikey"`
	URLs        PaymentURLs `json:"urls"`
	ClientPhone string      `json:"client_phone,omitempty"`
	Amount      string      `json:"amount"`
	Country     string      `json:"country"`
	Network     string      `json:"network,omitempty"`
	Type        string      `json:"type"`
	UniqueID    string      `json:"unique_id"`
	Currency    string      `json:"currency,omitempty"`
	OTP         string      `json:"OTP,omitempty"`
	FirstName   string      `json:"firstname,omitempty"`
	LastName    string      `json:"lastname,omitempty"`
	Email       string      `json:"email,omitempty"`
	Description string      `json:"description,omitempty"`
}

// PaymentURLs override the merchant's declared addresses for one payment.
type PaymentURLs struct {
	Callback string `json:"callback_url"`
	Success  string `json:"success_url,omitempty"`
	Failure  string `json:"fail_url,omitempty"`
}
