package reseal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/account"
	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/internal/outbound"
	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/pgtest"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/internal/webhook"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

func onEachEngine(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	for name, url := range map[string]func(t *testing.T) string{
		"sqlite": func(*testing.T) string { return ":memory:" }, "postgres": func(t *testing.T) string { return pgtest.Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := store.Open(t.Context(), url(t), store.Options{})
			must(t, err)
			t.Cleanup(func() { must(t, s.Close()) })
			must(t, s.Migrate(t.Context()))
			test(t, s)
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// node is a gateway with one keyring on a store.
type node struct {
	*testing.T
	store    *store.Store
	box      secret.Box
	gateway  *gateway.Gateway
	accounts *account.Accounts
	webhooks *webhook.Sender
	// connected hears what a connector is made with.
	connected string
}

func start(t *testing.T, s *store.Store, keyring string) *node {
	t.Helper()
	n := &node{T: t, store: s}
	var err error
	n.box, err = secret.ParseKeyring(keyring)
	must(t, err)
	out := outbound.New(outbound.Policy{AllowLoopback: true})
	connect := func(e provider.Environment) (provider.Connector, error) {
		n.connected = e.Secret("api_key")
		return nil, errors.New("no connector is needed")
	}
	n.gateway, err = gateway.New(gateway.Config{
		Log: slog.New(slog.DiscardHandler), Store: s, Box: n.box, Outbound: out, Merchants: out, PublicURL: "https://pay.example",
		Providers: []*provider.Provider{
			{Name: gateway.SandboxProvider, Currencies: money.Currencies(), Connect: connect},
			{Name: "acme", Title: "Acme", Currencies: []money.Currency{money.XAF}, Connect: connect, Credentials: []provider.Field{{Name: "api_key", Secret: true}}},
		},
	})
	must(t, err)
	t.Cleanup(func() { must(t, n.gateway.Close(context.Background())) })
	n.accounts = &account.Accounts{Store: s, Box: n.box, Now: time.Now}
	n.webhooks = webhook.New(webhook.Config{Store: s, Box: n.box, Outbound: out})
	return n
}

// shop is a merchant with something in every sealed column.
type shop struct {
	id, connection, endpoint string
	caller                   provider.Caller
	person                   account.Person
	signing                  pay.Secret
	key                      pay.Secret
}

func (n *node) open(name string) shop {
	n.Helper()
	ctx := n.Context()
	m, err := n.gateway.AddMerchant(ctx, gateway.NewMerchant{Name: name, Email: name + "@example.com", Password: "un mot de passe"})
	must(n.T, err)
	s := shop{id: m.ID, caller: provider.Caller{MerchantID: m.ID, Mode: pay.Live, Front: pay.NativeFront}}
	row, err := n.gateway.AddConnection(ctx, gateway.NewConnection{MerchantID: m.ID, Mode: pay.Live, Provider: "acme", Values: map[string]string{"api_key": "key of " + name}})
	must(n.T, err)
	s.connection = row.ID
	made, signing, err := n.webhooks.Endpoints().Create(ctx, s.caller, "https://shop.example/"+name, nil, "")
	must(n.T, err)
	s.endpoint, s.signing = made.ID, signing
	must(n.T, n.gateway.Memory("acme").Put(ctx, "credential of "+name, provider.Item{MerchantID: m.ID, Value: []byte("token of " + name)}))
	users, err := n.store.Read().ListUsers(ctx, m.ID)
	must(n.T, err)
	s.person = account.Person{MerchantID: m.ID, UserID: users[0].ID, Email: users[0].Email, Role: account.Owner}
	_, err = n.accounts.OfferSecondFactor(ctx, s.person)
	must(n.T, err)
	claim := n.claim(s)
	must(n.T, n.gateway.TakeClaim(ctx, claim))
	must(n.T, n.gateway.Answered(ctx, claim, http.StatusCreated, []byte("answer to "+name)))
	s.key, err = n.gateway.AddAPIKey(ctx, m.ID, pay.Live, "")
	must(n.T, err)
	return s
}

func (n *node) claim(s shop) *gateway.Claim {
	return n.gateway.NewClaim(s.caller, "K1", http.MethodPost, "/v1/payments", []byte("{}"))
}

// reads holds a node to reading everything that a shop has.
func (n *node) reads(s shop, name string) {
	n.Helper()
	ctx := n.Context()
	_, err := n.gateway.ProbeConnection(ctx, s.caller, s.connection)
	must(n.T, err)
	if n.connected != "key of "+name {
		n.Errorf("the connector gets %q", n.connected)
	}
	item, err := n.gateway.Memory("acme").Get(ctx, "credential of "+name)
	must(n.T, err)
	if string(item.Value) != "token of "+name {
		n.Errorf("memory gives %q", item.Value)
	}
	replay, _, err := n.gateway.Look(ctx, n.claim(s))
	must(n.T, err)
	if string(replay.Body) != "answer to "+name {
		n.Errorf("the answer is %q", replay.Body)
	}
	row, err := n.store.Read().GetEndpoint(ctx, sqlgen.GetEndpointParams{MerchantID: s.id, ID: s.endpoint})
	must(n.T, err)
	signing, err := n.box.Open(row.Secret, "webhook-endpoint", s.id, s.endpoint)
	must(n.T, err)
	if string(signing) != s.signing.Reveal() {
		n.Error("the signing secret has changed")
	}
	if err := n.accounts.ConfirmSecondFactor(ctx, s.person, "000000"); pay.KindOf(err) == pay.KindInternal {
		n.Errorf("the second factor does not open: %v", err)
	}
	if _, _, err := n.gateway.Authenticate(ctx, s.key); err != nil {
		n.Errorf("the API key is lost: %v", err)
	}
}

func quiet(string, int, int) {}

func TestEverythingIsResealedAndTheOldKeyRetired(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, s *store.Store) {
		one, two := secret.NewKey(), secret.NewKey()
		old := start(t, s, one)
		awa, ada := old.open("awa"), old.open("ada")
		learnt := start(t, s, two+":next,"+one)
		held, err := Held(t.Context(), s, old.box.PrimaryKeyID())
		must(t, err)
		for _, c := range columns() {
			if held[c.name] < 2 {
				t.Errorf("%s holds %d values of two merchants: the test lays none down", c.name, held[c.name])
			}
		}
		rotated := start(t, s, two+","+one)
		seen := map[string]int{}
		must(t, Run(t.Context(), s, rotated.box, func(column string, _, resealed int) { seen[column] = resealed }))
		for _, c := range columns() {
			if seen[c.name] != held[c.name] {
				t.Errorf("%d of %d values of %s are resealed", seen[c.name], held[c.name], c.name)
			}
		}
		// Whatever column it stands in, nothing of the old key is left.
		for place, text := range texts(t, s) {
			if strings.Contains(text, "v1."+old.box.PrimaryKeyID()+".") {
				t.Errorf("%s holds what is sealed under the old key", place)
			}
		}
		held, err = Held(t.Context(), s, old.box.PrimaryKeyID())
		must(t, err)
		if len(held) != 0 {
			t.Errorf("left under the old key: %v", held)
		}
		for _, n := range []*node{learnt, rotated, start(t, s, two+","+one+":lookup")} {
			n.reads(awa, "awa")
			n.reads(ada, "ada")
		}
	})
}

func TestAnInterruptedRunIsTakenUpAgainBesideAGatewayAtWork(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, s *store.Store) {
		one, two := secret.NewKey(), secret.NewKey()
		old := start(t, s, two+":next,"+one) // still seals with the first
		awa := old.open("awa")
		for i := range batch + 50 {
			must(t, old.gateway.Memory("acme").Put(t.Context(), fmt.Sprint("more ", i), provider.Item{Value: []byte("x")}))
		}
		rotated := start(t, s, two+","+one)
		ctx, cancel := context.WithCancel(t.Context())
		err := Run(ctx, s, rotated.box, func(column string, seen, _ int) {
			if column == "memory.value" {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("an interrupted run says %v", err)
		}
		old.reads(awa, "awa")
		ada := old.open("ada")
		must(t, Run(t.Context(), s, rotated.box, quiet))
		count := 0
		must(t, Run(t.Context(), s, rotated.box, func(_ string, _, resealed int) { count += resealed }))
		if count != 0 {
			t.Errorf("a third run reseals %d values", count)
		}
		old.reads(awa, "awa")
		rotated.reads(ada, "ada")
	})
}

func TestADamagedValueIsNamedAndTheOthersAreResealed(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, s *store.Store) {
		one, two := secret.NewKey(), secret.NewKey()
		old := start(t, s, one)
		awa, ada := old.open("awa"), old.open("ada")
		row, err := s.Read().GetConnection(t.Context(), sqlgen.GetConnectionParams{MerchantID: ada.id, ID: ada.connection})
		must(t, err)
		must(t, s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.ResealConnection(ctx, sqlgen.ResealConnectionParams{Fresh: altered(row.Credentials, len(row.Credentials)-3), MerchantID: ada.id, ID: ada.connection, Was: row.Credentials})
			return err
		}))
		rotated := start(t, s, two+","+one)
		err = Run(t.Context(), s, rotated.box, quiet)
		if !errors.Is(err, secret.ErrNotAuthentic) || !strings.Contains(err.Error(), ada.connection) {
			t.Errorf("the damage is told as %v", err)
		}
		rotated.reads(awa, "awa")
		held, err := Held(t.Context(), s, old.box.PrimaryKeyID())
		must(t, err)
		if len(held) != 1 || held["connections.credentials"] != 1 {
			t.Errorf("left under the old key: %v", held)
		}
	})
}

// altered changes one character of a text.
func altered(text string, i int) string {
	c := byte('A')
	if text[i] == c {
		c = 'B'
	}
	return text[:i] + string(c) + text[i+1:]
}

func TestAValueThatIsAlteredOrMovedToAnotherRowDoesNotOpen(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, s *store.Store) {
		n := start(t, s, secret.NewKey())
		n.open("awa")
		n.open("ada")
		for _, c := range columns() {
			found, err := c.page(t.Context(), s.Read(), make([]string, c.keys), batch)
			must(t, err)
			found = slices.DeleteFunc(found, func(one cell) bool { return one.sealed == "" })
			for i, one := range found {
				if _, err := n.box.Open(one.sealed, one.place...); err != nil || one.place[0] != c.purpose {
					t.Errorf("%s does not open in its place %v: %v", c.name, one.place, err)
				}
				for at := range one.sealed {
					if _, err := n.box.Open(altered(one.sealed, at), one.place...); err == nil {
						t.Errorf("%s opens with character %d altered", c.name, at)
					}
				}
				other := found[(i+1)%len(found)]
				if _, err := n.box.Open(one.sealed, other.place...); err == nil {
					t.Errorf("%s opens in another row", c.name)
				}
			}
		}
	})
}
