package account_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-pay/passerelle/internal/account"
	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
)

const (
	email    = "awa@example.com"
	password = "un mot de passe"
	address  = "192.0.2.7"
)

// rig is a merchant with an owner and a clock.
type rig struct {
	*testing.T
	*account.Accounts
	mu  sync.Mutex
	now time.Time
}

func open(t *testing.T) *rig {
	t.Helper()
	r := &rig{T: t, now: time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)}
	box, err := secret.ParseKeyring(secret.NewKey())
	r.must(err)
	s, err := store.Open(t.Context(), ":memory:", store.Options{})
	r.must(err)
	t.Cleanup(func() { r.must(s.Close()) })
	r.must(s.Migrate(t.Context()))
	r.Accounts = &account.Accounts{Store: s, Box: box, Now: r.clock}
	r.merchant("aaaaaaaa", email)
	return r
}

// hashed is the password's hash, made once for all rigs: it is slow on purpose.
var hashed = sync.OnceValues(func() (string, error) { return secret.HashPassword(context.Background(), password) })

func (r *rig) merchant(id, email string) {
	r.Helper()
	hash, err := hashed()
	r.must(err)
	r.must(r.Store.Update(r.Context(), func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertMerchant(ctx, sqlgen.InsertMerchantParams{ID: id, Name: "Boutique " + id, Email: email}); err != nil {
			return err
		}
		return tx.InsertUser(ctx, sqlgen.InsertUserParams{ID: "usr_" + id, MerchantID: id, Email: email, PasswordHash: hash, Role: "owner"})
	}))
}

func (r *rig) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *rig) advance(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *rig) signIn() (pay.Secret, account.Person) {
	r.Helper()
	token, err := r.SignIn(r.Context(), email, password, "", address)
	r.must(err)
	p, err := r.Session(r.Context(), token, address)
	r.must(err)
	return token, p
}

func TestTheRightPasswordOpensASession(t *testing.T) {
	t.Parallel()
	r := open(t)
	token, err := r.SignIn(t.Context(), " AWA@Example.com ", password, "", address)
	r.must(err)
	p, err := r.Session(t.Context(), token, address)
	r.must(err)
	if p.Email != email || p.Role != account.Owner || p.MerchantID != "aaaaaaaa" || p.Mode != pay.Test {
		t.Errorf("signed in as %+v", p)
	}
	var stored string
	r.must(r.Store.RawRead().QueryRowContext(t.Context(), "SELECT token_hash FROM sessions").Scan(&stored))
	if stored == token.Reveal() || len(stored) != 64 {
		t.Error("the database holds the token itself")
	}
	r.must(r.SignOut(t.Context(), p))
	if _, err := r.Session(t.Context(), token, address); !errors.Is(err, pay.ErrNotFound) {
		t.Errorf("after sign-out: %v", err)
	}
}

func TestAWrongPasswordAndAnUnknownAccountAreOneAnswer(t *testing.T) {
	t.Parallel()
	r := open(t)
	for _, who := range []string{email, "nobody@example.com", "", "\x00", "a\xff"} {
		if token, err := r.SignIn(t.Context(), who, "wrong", "", address); !errors.Is(err, account.ErrWrong) || token != "" {
			t.Errorf("%q: %v", who, err)
		}
	}
}

func TestAnAccountIsLockedAfterFiveFailuresWhetherItExistsOrNot(t *testing.T) {
	t.Parallel()
	r := open(t)
	for _, who := range []string{email, "nobody@example.com"} {
		for i := range 5 {
			_, err := r.SignIn(t.Context(), who, "wrong", "", fmt.Sprint("192.0.2.", i))
			if !errors.Is(err, account.ErrWrong) {
				t.Fatalf("%s, try %d: %v", who, i+1, err)
			}
		}
		if _, err := r.SignIn(t.Context(), who, password, "", "192.0.2.99"); !errors.Is(err, account.ErrLocked) {
			t.Errorf("%s is not locked: %v", who, err)
		}
	}
	r.advance(15 * time.Minute)
	r.signIn()
}

func TestTriesAtOnceShareTheLimit(t *testing.T) {
	t.Parallel()
	r := open(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	looked := 0
	for range 12 {
		wg.Go(func() {
			_, err := r.SignIn(t.Context(), email, "wrong", "", address)
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(err, account.ErrWrong) {
				looked++
			}
		})
	}
	wg.Wait()
	if looked != 5 {
		t.Errorf("%d passwords were looked at, want 5", looked)
	}
}

func TestAnAddressIsLockedForManyAccounts(t *testing.T) {
	t.Parallel()
	r := open(t)
	until := r.clock().Add(time.Minute).UnixMilli()
	for range 30 { // tries that somebody made; none is hashed here, as each costs time
		r.must(r.Store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.CountSignInAttempt(ctx, sqlgen.CountSignInAttemptParams{
				KeyHash: r.Box.Lookup(address, "sign-in-address"), WindowUntil: until, Now: r.clock().UnixMilli(),
			})
			return err
		}))
	}
	if _, err := r.SignIn(t.Context(), email, password, "", address); !errors.Is(err, account.ErrLocked) {
		t.Errorf("the address is not locked: %v", err)
	}
	if _, err := r.SignIn(t.Context(), email, password, "", "192.0.2.8"); err != nil {
		t.Errorf("another address is locked as well: %v", err)
	}
}

func TestASessionEndsWhenUnusedAndAtItsEnd(t *testing.T) {
	t.Parallel()
	r := open(t)
	unused, _ := r.signIn()
	used, _ := r.signIn()
	for range 13 {
		r.advance(55 * time.Minute)
		if _, err := r.Session(t.Context(), used, address); err != nil {
			t.Fatalf("a session in use ended: %v", err)
		}
	}
	if _, err := r.Session(t.Context(), unused, address); !errors.Is(err, pay.ErrNotFound) {
		t.Errorf("an unused session lives: %v", err)
	}
	r.advance(10 * time.Minute) // 12 h 5 min in all
	if _, err := r.Session(t.Context(), used, address); !errors.Is(err, pay.ErrNotFound) {
		t.Errorf("a session outlives its life: %v", err)
	}
}

func TestRolesHaveTheirPowers(t *testing.T) {
	t.Parallel()
	for role, want := range map[account.Role][3]bool{
		account.Owner: {true, true, true}, account.Operator: {true, true, false},
		account.ReadOnly: {true, false, false}, "": {}, "root": {},
	} {
		got := [3]bool{role.May(account.See), role.May(account.Operate), role.May(account.Manage)}
		if got != want {
			t.Errorf("%q may %v, want %v", role, got, want)
		}
	}
}

func TestSomebodyAddedSignsInUntilRemoved(t *testing.T) {
	t.Parallel()
	r := open(t)
	_, owner := r.signIn()
	first, err := r.AddUser(t.Context(), owner, "paul@example.com", account.Operator)
	r.must(err)
	token, err := r.SignIn(t.Context(), "paul@example.com", first, "", address)
	r.must(err)
	paul, err := r.Session(t.Context(), token, address)
	r.must(err)
	if paul.Role != account.Operator || paul.MerchantID != owner.MerchantID {
		t.Errorf("Paul is %+v", paul)
	}
	for _, bad := range []string{"", "paul", "paul@example.com, x@example.com", "a b@c"} {
		if _, err := r.AddUser(t.Context(), owner, bad, account.ReadOnly); pay.KindOf(err) != pay.KindInvalid {
			t.Errorf("%q is taken for an address: %v", bad, err)
		}
	}
	if _, err := r.AddUser(t.Context(), owner, "eve@example.com", account.Owner); pay.KindOf(err) != pay.KindInvalid {
		t.Errorf("an owner was added: %v", err)
	}
	if _, err := r.AddUser(t.Context(), owner, "paul@example.com", account.ReadOnly); pay.KindOf(err) != pay.KindConflict {
		t.Errorf("one address twice: %v", err)
	}
	r.merchant("bbbbbbbb", "other@example.com")
	other := account.Person{MerchantID: "bbbbbbbb"}
	if err := r.RemoveUser(t.Context(), other, paul.UserID); !errors.Is(err, pay.ErrNotFound) {
		t.Errorf("another merchant removed Paul: %v", err)
	}
	if err := r.RemoveUser(t.Context(), owner, owner.UserID); !errors.Is(err, pay.ErrNotFound) {
		t.Errorf("the owner is gone: %v", err)
	}
	r.must(r.RemoveUser(t.Context(), owner, paul.UserID))
	if _, err := r.Session(t.Context(), token, address); !errors.Is(err, pay.ErrNotFound) {
		t.Errorf("a removed user's session lives: %v", err)
	}
}

func TestAChangedPasswordEndsOtherSessions(t *testing.T) {
	t.Parallel()
	r := open(t)
	elsewhere, _ := r.signIn()
	here, p := r.signIn()
	if err := r.ChangePassword(t.Context(), p, password, "short"); pay.KindOf(err) != pay.KindInvalid {
		t.Errorf("a short password: %v", err)
	}
	if err := r.ChangePassword(t.Context(), p, "wrong", "another password"); !errors.Is(err, account.ErrWrong) {
		t.Errorf("a wrong old password: %v", err)
	}
	r.must(r.ChangePassword(t.Context(), p, password, "another password"))
	if _, err := r.Session(t.Context(), elsewhere, address); !errors.Is(err, pay.ErrNotFound) {
		t.Errorf("another session lives: %v", err)
	}
	if _, err := r.Session(t.Context(), here, address); err != nil {
		t.Errorf("this session ended: %v", err)
	}
	if _, err := r.SignIn(t.Context(), email, "another password", "", address); err != nil {
		t.Errorf("the new password does not open: %v", err)
	}
}

func TestAResetPasswordLetsBackInWhoLostAllAndNobodyElse(t *testing.T) {
	t.Parallel()
	r := open(t)
	before, owner := r.signIn()
	f, err := r.OfferSecondFactor(t.Context(), owner)
	r.must(err)
	r.must(r.ConfirmSecondFactor(t.Context(), owner, account.CodeAt(t, f.Key.Reveal(), r.clock())))
	first, err := r.AddUser(t.Context(), owner, "paul@example.com", account.Operator)
	r.must(err)
	paul, err := r.SignIn(t.Context(), "paul@example.com", first, "", address)
	r.must(err)
	for range 6 { // and the account is locked by the tries
		_, _ = r.SignIn(t.Context(), email, "forgotten", "", "192.0.2.8")
	}

	by := account.Person{MerchantID: owner.MerchantID, Email: "command line"}
	user, fresh, err := r.ResetPassword(t.Context(), by, "")
	r.must(err)
	if user.Email != email || user.Role != account.Owner {
		t.Errorf("reset of %+v, not of the owner", user)
	}
	if _, err := r.Session(t.Context(), before, address); !errors.Is(err, pay.ErrNotFound) {
		t.Errorf("an old session lives: %v", err)
	}
	if _, err := r.Session(t.Context(), paul, address); err != nil {
		t.Errorf("somebody else's session ended: %v", err)
	}
	if _, err := r.SignIn(t.Context(), email, password, "", address); !errors.Is(err, account.ErrWrong) {
		t.Errorf("the old password: %v", err)
	}
	if _, err := r.SignIn(t.Context(), email, fresh, "", address); err != nil {
		t.Errorf("the new password, without an authenticator: %v", err)
	}
	rows, err := r.Trail(t.Context(), by, 0, 3)
	r.must(err)
	if e := rows[2]; e.Action != "password.reset" || e.Subject != email || e.Email != "command line" {
		t.Errorf("the trail has %+v", e)
	}

	if user, _, err := r.ResetPassword(t.Context(), by, " Paul@Example.com "); err != nil || user.Email != "paul@example.com" {
		t.Errorf("by address: %+v, %v", user, err)
	}
	r.merchant("bbbbbbbb", "other@example.com")
	for _, who := range []string{"other@example.com", "nobody@example.com"} {
		if _, _, err := r.ResetPassword(t.Context(), by, who); !errors.Is(err, pay.ErrNotFound) {
			t.Errorf("%s is not of this merchant: %v", who, err)
		}
	}
}

func TestTheTrailShowsWhatWasTamperedWith(t *testing.T) {
	t.Parallel()
	for name, tamper := range map[string]string{
		"a changed entry":        "UPDATE audit_entries SET email = 'eve@example.com' WHERE sequence = 3",
		"an entry taken out":     "DELETE FROM audit_entries WHERE sequence = 3",
		"the end cut off":        "DELETE FROM audit_entries WHERE sequence >= 3",
		"the order changed":      "UPDATE audit_entries SET sequence = 99 WHERE sequence = 3",
		"another merchant's own": "UPDATE audit_entries SET merchant_id = 'bbbbbbbb' WHERE sequence = 3",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := open(t)
			p := account.Person{MerchantID: "aaaaaaaa", UserID: "usr_aaaaaaaa", Email: email}
			for i := range 6 {
				r.must(r.Record(t.Context(), p, "transaction.cancel", fmt.Sprint("pay_", i), ""))
			}
			if holds, broken, err := r.VerifyTrail(t.Context(), p); holds != 6 || broken != 0 || err != nil {
				t.Fatalf("before: %d hold, broken at %d, %v", holds, broken, err)
			}
			r.must(r.Store.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Raw().ExecContext(ctx, tamper)
				return err
			}))
			if holds, broken, err := r.VerifyTrail(t.Context(), p); holds != 2 || broken != 3 || err != nil {
				t.Errorf("after: %d hold, broken at %d, %v", holds, broken, err)
			}
		})
	}
}

func TestManyActsAtOnceMakeOneChain(t *testing.T) {
	t.Parallel()
	r := open(t)
	p := account.Person{MerchantID: "aaaaaaaa", UserID: "usr_aaaaaaaa", Email: email}
	var wg sync.WaitGroup
	for range 41 {
		wg.Go(func() {
			if err := r.Record(t.Context(), p, "transaction.check", "pay_1", ""); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if holds, broken, err := r.VerifyTrail(t.Context(), p); holds != 41 || broken != 0 || err != nil {
		t.Errorf("%d hold, broken at %d, %v", holds, broken, err)
	}
	rows, err := r.Trail(t.Context(), p, 0, 10)
	if err != nil || len(rows) != 10 || rows[0].Sequence != 41 {
		t.Errorf("the newest are %v, %v", rows, err)
	}
}

func TestAnAuthenticatorIsAskedForOnceItIsConfirmed(t *testing.T) {
	t.Parallel()
	r := open(t)
	_, p := r.signIn()
	f, err := r.OfferSecondFactor(t.Context(), p)
	r.must(err)
	r.signIn() // offered is not confirmed
	if err := r.ConfirmSecondFactor(t.Context(), p, "000000"); !errors.Is(err, account.ErrCode) {
		t.Errorf("a wrong first code: %v", err)
	}
	code := func() string { return account.CodeAt(t, f.Key.Reveal(), r.clock()) }
	r.must(r.ConfirmSecondFactor(t.Context(), p, code()))
	if _, err := r.SignIn(t.Context(), email, password, "", address); !errors.Is(err, account.ErrCode) {
		t.Errorf("without a code: %v", err)
	}
	if _, err := r.SignIn(t.Context(), email, password, code(), address); !errors.Is(err, account.ErrCode) {
		t.Errorf("with a code that was used: %v", err)
	}
	if _, err := r.SignIn(t.Context(), email, "wrong", code(), address); !errors.Is(err, account.ErrWrong) {
		t.Errorf("a wrong password: %v", err)
	}
	r.advance(time.Minute)
	if _, err := r.SignIn(t.Context(), email, password, code(), address); err != nil {
		t.Errorf("with the next code: %v", err)
	}
	if _, err := r.OfferSecondFactor(t.Context(), p); pay.KindOf(err) != pay.KindConflict {
		t.Errorf("a second authenticator: %v", err)
	}
	r.advance(time.Minute)
	r.must(r.DropSecondFactor(t.Context(), p, code()))
	r.signIn()
}
