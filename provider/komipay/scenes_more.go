package komipay

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/passerelle-pay/passerelle/provider"
)

func staScenes() []provider.Scene {
	return []provider.Scene{
		{Operation: opCollect + " " + NitaTransfert, Play: playNita},
		{Operation: opCollect + " " + AmanaTransfert, Play: staAccepted(AmanaTransfert, nil)},
		{Operation: opSecurityCode, Play: playSecurityCode},
		{Operation: opCollect + " " + ZeynaTransfert, Play: staAccepted(ZeynaTransfert, "12345")},
		{Operation: opCollect + " wrong security_code", Play: playWrongCode},
	}
}

func staExample(s *provider.Stage, means string, code any) map[string]any {
	request := telcoExample(s, means, "+22790000100")
	request["pays_payeur"] = "Niger"
	if code != nil {
		request["security_code"] = code
	}
	return request
}

// accepted asks a transfer company and checks that the payment waits.
func accepted(ctx context.Context, s *provider.Stage, request map[string]any) (said, error) {
	a, err := ask(ctx, s, opCollect, request)
	if err != nil {
		return a, err
	}
	if !strings.HasPrefix(a.Message, "Le paiement est en attente de validation") || !isReference(a.Reference) {
		return a, errors.New("message or reference_transaction is not as documented")
	}
	return a, a.holds(map[string]string{
		"code": "200", "statut": "true", "reference_externe": quoted(request["reference_externe"].(string)),
	})
}

func staAccepted(means string, code any) play {
	return func(ctx context.Context, s *provider.Stage) (int, string, error) {
		a, err := accepted(ctx, s, staExample(s, means, code))
		return a.is("pending", err)
	}
}

func playNita(ctx context.Context, s *provider.Stage) (int, string, error) {
	a, err := accepted(ctx, s, staExample(s, NitaTransfert, nil))
	if err == nil && (!isDigits(a.CodeValidation, 6) || len(a.CodeAchat) != len("ACHAT")+12) {
		err = errors.New("code_validation or code_achat is not as documented")
	}
	return a.is("pending", err)
}

func playSecurityCode(ctx context.Context, s *provider.Stage) (int, string, error) {
	a, err := ask(ctx, s, opSecurityCode, map[string]any{
		"mobile_money": ZeynaTransfert, "numero_telephone": "+22790000100", "api_key": s.Credentials[fieldAPIKey],
	})
	if err == nil {
		err = a.holds(map[string]string{"code": "200", "statut": "true", "message": quoted("Code de securite envoye par SMS")})
	}
	if err == nil && a.Attempts < 1 {
		err = errors.New("tentative counts nothing")
	}
	return a.is("sent", err)
}

func playWrongCode(ctx context.Context, s *provider.Stage) (int, string, error) {
	a, err := ask(ctx, s, opCollect, staExample(s, ZeynaTransfert, wrongCode))
	if err == nil {
		err = a.refusedWith(http.StatusBadRequest, messageBadCode)
	}
	return a.is("refused", err)
}

func cardScenes() []provider.Scene {
	return []provider.Scene{
		{Operation: opEncryptCVV, Play: playEncryptCVV},
		{Operation: opEncryptCVV + " without keypass", Play: playWithoutKeypass},
		{Operation: opCollect + " " + BankCard, Play: playCard("4000-0000-0000-0010", cardPaid)},
		{Operation: opCollect + " " + BankCard + " refused", Play: playCard("4000-0000-0000-0002", cardRefused)},
		{Operation: opCollect + " " + BankCard + " 3-D Secure", Play: playCard("4000-0000-0000-3220", cardChallenged)},
	}
}

// seedCVV is 482 under the published key, as it stands in the seed.
const seedCVV = "AAECAwQFBgcICQoLDA0OD2ZnVkJzNVBvMWplMWpVQkNPVFpTVmc9PQ=="

// cardExample is the seed's own request with issued credentials.
func cardExample(s *provider.Stage, number string) map[string]any {
	return map[string]any{
		"mobile_money": BankCard, "api_key": s.Credentials[fieldAPIKey], "nom_prenom_payeur": "Nom et prenom du payeur",
		"numero_carte_bancaire": number, "date_expiration": "12/30", "cvv_number": seedCVV,
		"montant_a_payer": "25 000", "reference_externe": s.Unique(),
		"javaEnabled": false, "javascriptEnabled": false, "screenHeight": "960", "screenWidth": "1536",
		"TZ": "1", "challengeWindowSize": "05",
	}
}

func playEncryptCVV(ctx context.Context, s *provider.Stage) (int, string, error) {
	a, err := ask(ctx, s, opEncryptCVV, map[string]any{"api_key": s.Credentials[fieldAPIKey], "cvv_number": "482"})
	if err == nil {
		err = a.holds(map[string]string{"code": "200", "statut": "true"})
	}
	if err == nil && (a.keys[fieldEncrypted] == nil || a.cvv == "482") {
		err = errors.New("the encrypted CVV is missing, or the CVV is in the clear")
	}
	return a.is("encrypted", err)
}

func playWithoutKeypass(ctx context.Context, s *provider.Stage) (int, string, error) {
	token, err := sceneToken(ctx, s)
	if err != nil {
		return 0, "", err
	}
	a, err := send(ctx, s, versionPath+"/"+opEncryptCVV, map[string]any{
		"api_key": s.Credentials[fieldAPIKey], "cvv_number": "482",
	}, http.Header{"Authorization": {"Bearer " + token}})
	if err == nil {
		err = a.refusedWith(http.StatusUnauthorized, messageBadKeypass)
	}
	return a.is("refused", err)
}

func playCard(number string, check func(said) (string, error)) play {
	return func(ctx context.Context, s *provider.Stage) (int, string, error) {
		a, err := ask(ctx, s, opCollect, cardExample(s, number))
		if err != nil {
			return a.is("", err)
		}
		if strings.Contains(a.body, number) || strings.Contains(a.body, strings.ReplaceAll(number, "-", "")) {
			return a.is("", errors.New("the answer repeats the card number"))
		}
		return a.is(check(a))
	}
}

func cardPaid(a said) (string, error) {
	if a.RedirectURL != "" || a.Amount != "25000" {
		return "", errors.New("a redirection, or another amount")
	}
	return "succeeded", a.holds(map[string]string{"code": "200", "statut": "true", "etat": quoted(etatSuccess)})
}

func cardRefused(a said) (string, error) {
	return "failed", a.refusedWith(http.StatusBadRequest, messageCardRefused)
}

func cardChallenged(a said) (string, error) {
	if !isWebAddress(a.RedirectURL) || a.Message != messageCardWaits {
		return "", errors.New("there is no page to authenticate on")
	}
	return "requires action", a.holds(map[string]string{"code": "200", "statut": "true", "etat": quoted(etatPending)})
}

func statusScenes() []provider.Scene {
	return []provider.Scene{
		{Operation: opStatus, Play: statusOf("+22790000100", statusPaid, false)},
		{Operation: opStatus + " by reference_externe", Play: statusOf("+22790000100", statusPaid, true)},
		{Operation: opStatus + " refused", Play: statusOf("+22790000001", statusRefused, false)},
		{Operation: opStatus + " unknown", Play: playStatusUnknown},
		{Operation: opStatus + " with api_key", Play: playStatusWrongKey},
	}
}

// statusOf asks a transfer company and then for the status, which the call
// keeps until the payer has answered.
func statusOf(phone string, want map[string]string, byMerchants bool) play {
	return func(ctx context.Context, s *provider.Stage) (int, string, error) {
		request := staExample(s, NitaTransfert, nil)
		request["numero_telephone_payeur"] = phone
		a, err := accepted(ctx, s, request)
		if err != nil {
			return a.is("", err)
		}
		external := a.ExternalReference
		asked := a.Reference
		if byMerchants {
			asked = external
		}
		a, err = ask(ctx, s, opStatus, map[string]any{"apikey": s.Credentials[fieldAPIKey], "reference_transaction": asked})
		if err == nil {
			err = a.holds(want)
		}
		if err == nil && (a.ExternalReference != external || a.Amount != "5000") {
			err = fmt.Errorf("the status is of %s over %s", a.ExternalReference, a.Amount)
		}
		return a.is(a.TransactionStatus, err)
	}
}

var (
	statusPaid = map[string]string{
		"code": "200", "statut": "true", "etat": quoted(etatSuccess), "transactionStatus": quoted(stateSuccess),
		"data": `{"transactionStatus":"Success"}`,
	}
	statusRefused = map[string]string{
		"code": "400", "statut": "false", "etat": quoted(etatFailed), "transactionStatus": quoted(stateFailed),
	}
)

func playStatusUnknown(ctx context.Context, s *provider.Stage) (int, string, error) {
	a, err := ask(ctx, s, opStatus, map[string]any{
		"apikey": s.Credentials[fieldAPIKey], "reference_transaction": s.Unique(),
	})
	if err == nil {
		err = a.holds(map[string]string{
			"code": "404", "statut": "false", "message": quoted(messageUnknown), "transactionStatus": quoted(stateNotFound),
		})
	}
	return a.is(stateNotFound, err)
}

func playStatusWrongKey(ctx context.Context, s *provider.Stage) (int, string, error) {
	a, err := ask(ctx, s, opStatus, map[string]any{
		"api_key": s.Credentials[fieldAPIKey], "reference_transaction": s.Unique(),
	})
	if err == nil {
		err = a.refusedWith(http.StatusBadRequest, missing("apikey").message)
	}
	return a.is("refused", err)
}
