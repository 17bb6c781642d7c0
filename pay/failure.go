package pay

// Reason is why a transaction failed: one list for all providers.
type Reason string

// The failure reasons of the native API.
const (
	InsufficientFunds   Reason = "insufficient_funds"
	Declined            Reason = "declined"
	WrongPINOrOTP       Reason = "wrong_pin_or_otp"
	CustomerCanceled    Reason = "customer_canceled"
	Expired             Reason = "expired"
	LimitReached        Reason = "limit_reached"
	InvalidPhone        Reason = "invalid_phone"
	AmountTooLow        Reason = "amount_too_low"
	AmountTooHigh       Reason = "amount_too_high"
	OperatorUnavailable Reason = "operator_unavailable"
	DuplicateReference  Reason = "duplicate_reference"
	AuthFailed          Reason = "auth_failed"
	BadRequest          Reason = "bad_request"
	ProviderError       Reason = "provider_error"
)

// Reasons lists every failure reason.
func Reasons() []Reason {
	return []Reason{
		InsufficientFunds, Declined, WrongPINOrOTP, CustomerCanceled, Expired, LimitReached,
		InvalidPhone, AmountTooLow, AmountTooHigh, OperatorUnavailable, DuplicateReference,
		AuthFailed, BadRequest, ProviderError,
	}
}

// Failure says why, in our words and in the provider's.
type Failure struct {
	Reason       Reason `json:"reason,omitempty"`
	Message      string `json:"message,omitempty"`
	ProviderCode string `json:"provider_code,omitempty"`
}

// IsZero reports whether there is no failure.
func (f Failure) IsZero() bool { return f == Failure{} }
