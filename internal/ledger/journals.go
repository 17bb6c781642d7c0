package ledger

import (
	"time"

	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
)

// Settled is the journal of a transaction that succeeded. held says that the
// money had been reserved (and not released since): a payout that succeeds
// late, after its reserve was released, is taken from what is available.
func Settled(t pay.Transaction, held bool, at time.Time) Journal {
	j := journal(t, "succeeded", at)
	fee := t.Fees.Minor
	if t.Kind == pay.Payment {
		j.Postings = settledPayment(t, fee)
		return j
	}
	from := Available
	if held {
		from = Reserved
	}
	to := Payouts
	if t.Kind == pay.Refund {
		to = Refunds
	}
	cost := Cost(t)
	j.Postings = []Posting{
		{to, Debit, t.Amount.Minor},
		{Fees, Debit, cost - t.Amount.Minor},
		{from, Credit, cost},
	}
	return j
}

func settledPayment(t pay.Transaction, fee int64) []Posting {
	if t.FeeBearer == pay.CustomerBears {
		return []Posting{
			{Available, Debit, t.Amount.Minor},
			{Payments, Credit, t.Amount.Minor},
			{Fees, Debit, fee},
			{CustomerFees, Credit, fee},
		}
	}
	postings := []Posting{{Fees, Debit, fee}, {Payments, Credit, t.Amount.Minor}}
	if net := t.Amount.Minor - fee; net >= 0 {
		return append(postings, Posting{Available, Debit, net})
	}
	// A minimum fee can exceed a small amount: the payment costs money.
	return append(postings, Posting{Available, Credit, fee - t.Amount.Minor})
}

// Cost is what a payout or refund takes out of the balance: its amount, and its
// fee where the merchant bears it.
func Cost(t pay.Transaction) int64 {
	if t.FeeBearer == pay.CustomerBears {
		return t.Amount.Minor
	}
	return t.Amount.Minor + t.Fees.Minor
}

// Held is the journal that reserves the money of a payout or refund.
func Held(t pay.Transaction, at time.Time) Journal {
	j := journal(t, "reserved", at)
	j.Postings = []Posting{{Reserved, Debit, Cost(t)}, {Available, Credit, Cost(t)}}
	return j
}

// Released is the journal that gives a reserve back after definite failure.
func Released(t pay.Transaction, at time.Time) Journal {
	j := journal(t, "released", at)
	j.Postings = []Posting{{Available, Debit, Cost(t)}, {Reserved, Credit, Cost(t)}}
	return j
}

// Opened is the journal of a connection's opening balance.
func Opened(merchantID string, mode pay.Mode, connection string, amount money.Amount, at time.Time) Journal {
	return Journal{
		Name: "opening/" + connection + "/" + string(amount.Currency), MerchantID: merchantID, Mode: mode,
		Connection: connection, Currency: amount.Currency, At: at,
		Postings: []Posting{{Available, Debit, amount.Minor}, {Opening, Credit, amount.Minor}},
	}
}

func journal(t pay.Transaction, cause string, at time.Time) Journal {
	return Journal{
		Name: t.ID + "/" + cause, MerchantID: t.MerchantID, Mode: t.Mode, Transaction: t.ID,
		Connection: t.Connection, Currency: t.Amount.Currency, At: at,
	}
}
