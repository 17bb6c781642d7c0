// Package conform plays the providers' published requests against any address
// and holds the answers to the published ones.
//
// # Vectors
//
// A vector is a text file in a provider's folder, written from the provider's
// document. It has a header, then steps, each a request and its answer:
//
//	name: check, paid by a wallet
//	source: CinetPay, Vérification d'un paiement, exemple de réponse de succès
//
//	>>> what this step is about
//	POST /v2/payment/check
//	Content-Type: application/json
//
//	{"apikey": "{{apikey}}", "site_id": "{{site_id}}", "transaction_id": "{{unique}}"}
//	<<< 200 within 20s
//	Content-Type: application/json.*
//
//	{"code": "00", "message": "SUCCES", "api_response_id": "<string>", "data": {...}}
//
// The request is sent as it stands. A printed address that is broken over
// several lines keeps its line breaks, as %0A. Only what is the reader's own is
// a placeholder: {{apikey}} and other credentials by their issued names,
// {{unique}} a reference that nobody used before (the same within a file,
// {{unique:b}} is another), {{callback_url}} the reader's server, {{base_url}}
// the address under test and {{capture:token}} a value of an earlier answer.
// A placeholder is escaped as its place asks: JSON, form, address.
//
// CUSTOMER is a step of its own: its address is a page that an answer named, its
// body the customer's choice there, as the sandbox's control API takes it. Where
// the target has no such API, the vector is skipped from there on.
//
// A vector that has trial (a place from 1), trial_fr and trial_en in its header
// is offered on the developer's page too, as Watch plays it.
//
// # Answers
//
// "within" asks again until the answer is right. Header lines are regular
// expressions for the whole value. A body that is JSON is compared by value:
// every key must be there and no other, unless an object has the key "..."; a
// text is never a number; the order of keys is free. Texts in angle brackets
// match what varies: <any>, <string> (not empty), <number>, <bool>,
// <regex:…> for a whole text, <capture:name> and <capture:name:…> a text or
// number that is kept (the first group of the expression, if it has one), <same:name> what was kept. A body that is not JSON is a
// list of regular expressions, one a line, that are all found in it; their
// named groups are kept. <empty> is no body, <any> whatever comes.
package conform
