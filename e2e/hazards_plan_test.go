package e2e_test

// survival is how a connector must come through a hazard: what becomes of one
// transaction that meets it.
type survival struct {
	// path is the native operation, "/v1/payments" unless said.
	path string
	// method is the native method, mobile money unless said.
	method string
	// declines: the customer refuses.
	declines bool
	// late: the fault is armed once the transaction exists.
	late bool
	// with is another fault, armed beside it.
	with string
	// want is the end, paid unless said; open stays open for good.
	want outcome
	// blind: nothing is known while the fault is armed.
	blind bool
	// held: an answer is held until the fault is disarmed.
	held bool
	// wavers: a failure may be told before the success.
	wavers bool
	// idle: the hazard watches for a mistake that our connector does not make, or
	// its call is not needed here.
	idle bool
}

const (
	byMethodCard = `{"type":"card","card":{"number":"4242424242424242","expiry":"12/39","cvv":"123"}}`
	byMethodNITA = `{"type":"wallet","operator":"nita_ne","phone":%q}`
)

var (
	survives = survival{}
	refusal  = survival{want: refused}
	faked    = survival{declines: true, want: refused}
	blinded  = survival{blind: true}
	atStatus = survival{late: true}
	wavering = survival{wavers: true}
	waiting  = survival{method: byMethodNITA}
)

// sharedSurvivals are those of provider.SharedHazards, for rails that prompt a phone.
var sharedSurvivals = map[string]survival{
	"answer_lost": survives, "connection_reset": survives, "error_500": survives, "html_answer": survives,
	"null_body": survives, "empty_body": survives, "truncated_json": survives,
	"slow_answer": {held: true}, "notice_before_answer": survives,
	"notice_never": survives, "notice_late": survives, "notice_thrice": survives,
	"notice_out_of_order": wavering, "notice_forged": faked,
}

// survivals are the providers' own, and the shared ones where they differ.
var survivals = map[string]map[string]survival{
	"komipay": {
		"null_body": survives, "truthy_refusal": refusal, "sta_accept_is_not_paid": {method: byMethodNITA, want: refused},
		"slow_collect": {held: true}, "late_success": wavering, "token_expired": survives, "html_answer": survives,
		"code_201": survives, "double_prefix": {idle: true}, "long_poll": {method: byMethodNITA, held: true},
		"not_found_early": waiting, "burst_refusal": waiting, "wrong_status_key": waiting,
		"webhook_forged": faked, "webhook_duplicate": {method: byMethodNITA}, "webhook_never": {method: byMethodNITA},
	},
	"mypvit": {
		"secret_late": {with: "auth_401"}, "secret_never": {with: "auth_403", want: refused}, "secret_shape": {with: "auth_403"},
		"secret_race": {with: "auth_401"}, "secret_unsolicited": survives,
		"auth_401": survives, "auth_403": survives, "ip_refused": refusal,
		"init_timeout": survives, "init_500": survives, "html_502": survives, "callback_before_answer": survives,
		"reference_stripped": survives, "free_info_refused": survives, "messages_array": refusal,
		"pending_forever": blinded, "late_success": wavering, "ambiguous": survives, "not_found_early": survives,
		"callback_duplicate": survives, "callback_forged": faked, "callback_sparse": survives, "callback_never": survives,
	},
	"flexpay": {
		"html_init": {method: byMethodCard}, "no_order_number": {method: byMethodCard}, "slow_init": {held: true},
		"double_bearer": survives, "callback_before_answer": survives, "int_code": survives, "string_code": survives,
		"caps_keys": survives, "seed_trailing_comma": survives, "check_500_early": survives, "status_one_pending": survives,
		"status_extended": survives, "status_unknown": survives, "late_success": wavering, "customer_amount": survives,
		"reference_mismatch": blinded, "check_host_moved": blinded,
		"callback_duplicate": survives, "callback_replay": survives, "callback_forged": faked, "callback_never": survives,
	},
	// The customer pays on CinetPay's page: what is lost of the initialisation
	// leaves nothing to pay on, so answers are spoilt of the checks.
	"cinetpay": {
		"notify_duplicate": survives, "notify_out_of_order": survives, "notify_never": survives, "notify_ping_only": survives,
		"notify_bad_token": faked, "notify_no_token": survives, "notify_json": survives, "notify_extra_fields": survives,
		"waiting_first": survives, "success_spelling": survives, "wrong_amount": blinded, "no_data": survives, "int_code": survives,
		"pending_forever": blinded, "late_success": wavering, "missing_keys": survives, "null_body": atStatus,
		"error_in_200": refusal, "error_in_4xx": refusal, "html_edge": atStatus, "rate_429": atStatus,
		"token_expired": {path: "/v1/payouts"}, "transfer_unconfirmed": {path: "/v1/payouts", blind: true}, "transfer_duplicate": {path: "/v1/payouts"},
		"answer_lost": atStatus, "connection_reset": atStatus, "error_500": atStatus, "html_answer": atStatus,
		"empty_body": atStatus, "truncated_json": atStatus, "slow_answer": {late: true, held: true}, "notice_before_answer": {late: true},
	},
	"mypayga": {
		"callback_get": survives, "callback_form": survives, "callback_camel": survives, "hash_upper": survives,
		"callback_bad_hash": faked, "callback_no_hash": faked, "callback_amount": survives, "callback_duplicate": survives,
		"callback_never": survives, "callback_before_answer": survives, "unsigned_status": refusal,
		"success_code_refusal_text": refusal, "status_types": {with: "callback_never"}, "invalid_json": survives,
		"detail_not_found": survives, "late_success": wavering, "negative_net": survives,
		"refund_pending_200": {path: "/v1/refunds", blind: true}, "token_changed": survives, "init_timeout": survives,
		"transfer_timeout": {path: "/v1/payouts", want: open}, "empty_200": survives,
	},
}

// survivalOf finds the scenario of a hazard, if there is one.
func survivalOf(rail, hazard string) (survival, bool) {
	s, ok := survivals[rail][hazard]
	if !ok {
		s, ok = sharedSurvivals[hazard]
	}
	if s.want == "" {
		s.want = paid
	}
	if s.path == "" {
		s.path = "/v1/payments"
	}
	return s, ok
}
