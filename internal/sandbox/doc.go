// Package sandbox simulates the operators that move money in test mode: mobile
// money with virtual phones, and a card acquirer with a 3-D Secure step.
//
// # Their own truth
//
// The simulated operators keep what happened in rows of their own and never
// read the gateway's. The gateway reaches them as it reaches any provider,
// through a connector ([Sandbox.Provider]), and hears from them through their
// notifications ([Sandbox.OnNews]); what it believes can therefore be held
// against what they did.
//
// # What decides the outcome
//
// In this order: a number or card that the transaction's front documents, the
// last four digits of the customer's number or the generic test cards
// (outcomes.go), the front's amount rule, success.
//
//	0001 insufficient funds          0007 accepted, answered with a time-out
//	0002 declined by the customer    0008 reported failed, then succeeded
//	0003 wrong PIN                   0009 notified three times
//	0004 never answers               0010 never notified
//	0005 limit reached               0011 needs an OTP, 1234
//	0006 operator unavailable
//
// A payout or a refund asks its customer nothing, so 0011 simply succeeds there
// and 0004 is the operator that gives up after a minute. An account look-up
// finds nobody for a number that ends in 0000, and an account that is not
// active for 0006.
//
// # Time
//
// A customer answers after Config.Delay, at once when it is zero (the submission
// itself then answers with the outcome), and only on the virtual phone when it
// is manual. Cards are authorised at once: no customer is asked. A one-time
// password and a 3-D Secure step wait fifteen minutes for their customer.
//
// # Control
//
// [Sandbox.Handler] serves the virtual phones, an inbox for notifications, and
// the API through which tests act as the customer, all under /sandbox.
package sandbox
