package komipay

import "embed"

// vectors are KomiPay's published examples, request and answer, written from its
// document and the wire contract by hand.
//
//go:embed vectors
var vectors embed.FS
