package mypayga

import (
	"context"
	"errors"
	"net/http"

	"github.com/passerelle-pay/passerelle/provider"
)

func moneyScenes() []provider.Scene {
	return []provider.Scene{
		{Operation: "mpayment/sendClientTransfert", Play: playTransfer},
		{Operation: "mpayment/sendClientTransfert refused", Play: playRefusedTransfer},
		{Operation: "mpayment/getClientTransfert", Play: playTransferStatus},
		{Operation: "mpayment/getClientTransfert unknown", Play: plain(http.MethodGet,
			pathTransferStatus+"?\ntrans_ref=184528Hp2bj&apikey={public}",
			map[string]string{"status": statusAbsent, "message": messageNotFound})},
		{Operation: "refund/create", Play: playRefundCreate},
		{Operation: "refund/infos waiting", Play: playRefundInfos(statusPending, messageRefundWaits)},
		{Operation: "refund/send", Play: playRefundSend},
		{Operation: "refund/infos", Play: playRefundInfos(statusOK, "Remboursement effectué.")},
		{Operation: "refund/send twice", Play: playRefundTwice},
		{Operation: "refund/infos unknown", Play: plain(http.MethodGet,
			pathRefundInfos+"?apikey={secret}&refId=rfd_16333.IJuU3p",
			map[string]string{"statusRequest": statusAbsent, "message": messageNoRefund, "exists": "0"})},
	}
}

const transferSample = pathTransfer + "\n?amount=100&receiver_phone={phone}\n&country=GA&apikey={secret}&type_clt=client"

func playTransfer(ctx context.Context, s *provider.Stage) (int, string, error) {
	// The address breaks before its question mark, as in the document.
	status, a, err := query(ctx, s, http.MethodPost, fill(s, transferSample, "{phone}", "074000100", "\n?", "?"))
	if err == nil {
		err = a.wants(map[string]string{
			"message": "Vous avez envoye 100 FCFA à 074000100.", "description": "Balance Transfert to client",
			"statusRequest": statusOK, "transfert.transfert_status": statusOK, "transfert.amount": "100",
			"transfert.country": "GA", "transfert.currency": currencyCFA,
		})
	}
	if err == nil && len(a.at("transfert.transfert_id")) != transferIDLength {
		err = errors.New("transfert_id is not of the documented length")
	}
	s.Store[storeTransfer] = a.at("transfert.transfert_id")
	return status, a.at("message"), err
}

func playRefusedTransfer(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, a, err := query(ctx, s, http.MethodPost, fill(s, transferSample, "{phone}", "074131313", "\n?", "?"))
	if err == nil {
		err = a.wants(map[string]string{"transfert.transfert_status": statusFailed, "message": textNoFunds})
	}
	if err != nil {
		return status, a.at("message"), err
	}
	_, told, err := query(ctx, s, http.MethodGet, transferTarget(s, a.at("transfert.transfert_id")))
	if err == nil {
		err = told.wants(map[string]string{"data.statut_demande": transferNoFunds})
	}
	return status, a.at("message"), err
}

func transferTarget(s *provider.Stage, id string) string {
	return fill(s, pathTransferStatus+"?\ntrans_ref={id}&apikey={public}", "{id}", id)
}

func playTransferStatus(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, a, err := query(ctx, s, http.MethodGet, transferTarget(s, s.Store[storeTransfer]))
	if err == nil {
		err = a.wants(map[string]string{
			"status": statusOK, "message": "Transaction found", "data.montant_demande": "100",
			"data.statut_demande": transferDone, "data.numero_de_compte": "074000100",
			"data.description": "Transfert client", "data.type_destinataire": recipientClient,
		})
	}
	return status, a.at("data.statut_demande"), err
}

func playRefundCreate(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, a, err := query(ctx, s, http.MethodPost,
		fill(s, pathRefundCreate+"?\napikey={secret}&payment_token={token}\n&amount=100&description=description", "{token}", s.Store[storeToken]))
	if err == nil {
		err = a.wants(map[string]string{
			"message": "Refund created", "statusRequest": statusOK, "totalAmount": "100",
			"clientNumber": "074121212", "frais_transaction": "2.52", "updatedFees": "0",
		})
	}
	s.Store[storeRefund] = a.at("refundId")
	return status, a.at("message"), err
}

func sendTarget(s *provider.Stage) string {
	return fill(s, pathRefundSend+"?apikey={secret}\n&refund_id={id}", "{id}", s.Store[storeRefund])
}

func playRefundSend(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, a, err := query(ctx, s, http.MethodPost, sendTarget(s))
	if err == nil {
		err = a.wants(map[string]string{"message": "Refund OK.", "RefundStatus": statusOK, "refund_id": s.Store[storeRefund]})
	}
	return status, a.at("message"), err
}

func playRefundTwice(ctx context.Context, s *provider.Stage) (int, string, error) {
	status, a, err := query(ctx, s, http.MethodPost, sendTarget(s))
	if err == nil {
		err = a.wants(map[string]string{"message": messageRefundSent, "RefundStatus": "409"})
	}
	return status, a.at("message"), err
}

func playRefundInfos(want, message string) func(context.Context, *provider.Stage) (int, string, error) {
	return func(ctx context.Context, s *provider.Stage) (int, string, error) {
		status, a, err := query(ctx, s, http.MethodGet,
			fill(s, pathRefundInfos+"?apikey={secret}&refId={id}", "{id}", s.Store[storeRefund]))
		if err == nil {
			err = a.wants(map[string]string{
				"message": "Refund found", "exists": "1", "statusRequest": statusOK, "refund.orderAmount": "144",
				"refund.amount": "100", "refund.status": want, "refund.paymentMethod": "Airtel Money",
				"refund.refundType": refundPartial, "refund.refundId": s.Store[storeRefund],
				"refund.message": message, "refund.description": "description",
			})
		}
		return status, a.at("refund.message"), err
	}
}
