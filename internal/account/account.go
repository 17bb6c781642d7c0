// Package account knows the people who run a merchant's gateway: how they sign
// in, what each may do, and what they did.
//
// # Signing in
//
// A password is tried at most a few times per account and per address in a
// window; every try is counted before the password is looked at, for accounts
// that do not exist just the same, and costs the same work, so that neither the
// answer nor its time tells which accounts exist. A session is a random token
// that the browser keeps and the database knows only by its keyed hash.
//
// # The audit trail
//
// Acts of people and changes of configuration are entries that no statement
// changes or deletes. Each carries a keyed hash over itself and the one before,
// so that whoever can write to the database, but has not the keys, can't alter
// the past unseen.
package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
)

const (
	// tryWindow is how long tries are counted together, and with it how long a
	// lock-out lasts at most.
	tryWindow = 15 * time.Minute
	// accountTries and addressTries are how many a window allows. Many people
	// share an address, one person has an account.
	accountTries = 5
	addressTries = 30

	// sessionIdle ends a session nobody uses, sessionLife any.
	sessionIdle = time.Hour
	sessionLife = 12 * time.Hour
	// touchEvery bounds how often the use of a session is written down.
	touchEvery = time.Minute

	tokenLength = 43 // over 256 bits
	purgeBatch  = 100

	minPassword = 12
	maxPassword = 200
	// generatedPassword is the length of a first password.
	generatedPassword = 20
)

// Refusals of a sign-in. To who has not the password, none says whether there is
// such an account.
var (
	ErrWrong = &pay.Error{Kind: pay.KindUnauthorized, Code: "wrong_password", Message: "the e-mail address or the password is wrong"}
	// ErrCode follows a right password only.
	ErrCode   = &pay.Error{Kind: pay.KindUnauthorized, Code: "wrong_code", Message: "the authenticator's code is missing or wrong"}
	ErrLocked = &pay.Error{Kind: pay.KindTooMany, Code: "locked_out", Message: "too many tries; come back in a quarter of an hour"}
)

// Accounts are the use cases. It is safe for concurrent use.
type Accounts struct {
	Store *store.Store
	Box   secret.Box
	Now   func() time.Time
}

// Person is somebody who signed in, and where they are looking.
type Person struct {
	UserID       string
	Email        string
	Role         Role
	MerchantID   string
	MerchantName string
	Mode         pay.Mode
	// Address is the client's, for the audit trail.
	Address string

	session string // its hash
}

// SignIn checks a password and opens a session, whose token only the browser
// gets. Code is that of the person's authenticator, where they have one. It
// fails with ErrWrong, ErrCode or ErrLocked.
func (a *Accounts) SignIn(ctx context.Context, email string, password pay.Secret, code, address string) (token pay.Secret, err error) {
	if email = normal(email); !utf8.ValidString(email) || strings.ContainsRune(email, 0) {
		email = "" // nobody's, and PostgreSQL would not take it for a question
	}
	byAccount, byAddress := a.Box.Lookup(email, "sign-in-account"), a.Box.Lookup(address, "sign-in-address")
	allowed, err := a.countTry(ctx, byAccount, byAddress)
	if err != nil {
		return "", err
	}
	user, err := a.Store.Read().GetUserByEmail(ctx, email)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("look up user: %w", err)
	}
	if !allowed {
		return "", ErrLocked
	}
	right, err := secret.VerifyPassword(ctx, bounded(password), user.PasswordHash)
	if err != nil {
		return "", fmt.Errorf("check password: %w", err)
	}
	if !right {
		return "", a.failed(ctx, user, address, ErrWrong)
	}
	if right, err = a.secondFactor(ctx, user.MerchantID, user.ID, code); err != nil {
		return "", err
	}
	if !right {
		return "", a.failed(ctx, user, address, ErrCode)
	}
	return a.open(ctx, user, address, byAccount, byAddress)
}

// failed writes a failed try down, where it was at somebody's account.
func (a *Accounts) failed(ctx context.Context, user sqlgen.User, address string, because *pay.Error) error {
	if user.ID == "" {
		return because
	}
	if err := a.note(ctx, personOf(user, address), "sign_in.failed", "", because.Code); err != nil {
		return err
	}
	return because
}

// normal is an address as it is stored.
func normal(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// bounded keeps a password of megabytes from being hashed; none can be set.
func bounded(password pay.Secret) string {
	text := password.Reveal()
	if len(text) > maxPassword {
		return ""
	}
	return text
}

// personOf is a user who is not signed in yet.
func personOf(u sqlgen.User, address string) Person {
	return Person{UserID: u.ID, Email: u.Email, Role: Role(u.Role), MerchantID: u.MerchantID, Address: address}
}

// countTry counts a try and reports whether the password may be looked at.
func (a *Accounts) countTry(ctx context.Context, byAccount, byAddress string) (allowed bool, err error) {
	now := a.Now().UTC()
	err = a.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.PurgeSignInAttempts(ctx, sqlgen.PurgeSignInAttemptsParams{Now: now.UnixMilli(), Count: purgeBatch}); err != nil {
			return err
		}
		allowed = true
		for _, limit := range []struct {
			key   string
			tries int64
		}{{byAccount, accountTries}, {byAddress, addressTries}} {
			tries, err := tx.CountSignInAttempt(ctx, sqlgen.CountSignInAttemptParams{
				KeyHash: limit.key, WindowUntil: now.Add(tryWindow).UnixMilli(), Now: now.UnixMilli(),
			})
			if err != nil {
				return err
			}
			allowed = allowed && tries <= limit.tries
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("count sign-in: %w", err)
	}
	return allowed, nil
}

// open stores a session of a user whose password was right.
func (a *Accounts) open(ctx context.Context, user sqlgen.User, address, byAccount, byAddress string) (pay.Secret, error) {
	token := pay.Secret(secret.Random(tokenLength))
	now := a.Now().UTC()
	mode := pay.Live
	rails, err := a.Store.Read().ListConnections(ctx, sqlgen.ListConnectionsParams{MerchantID: user.MerchantID, Mode: string(pay.Live)})
	if err != nil {
		return "", fmt.Errorf("list connections: %w", err)
	}
	if len(rails) == 0 {
		mode = pay.Test // nothing real can have happened yet
	}
	err = a.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.PurgeSessions(ctx, sqlgen.PurgeSessionsParams{Now: now.UnixMilli(), Count: purgeBatch}); err != nil {
			return err
		}
		if _, err := tx.ForgetSignInAttempts(ctx, byAccount); err != nil {
			return err
		}
		if _, err := tx.ForgiveSignInAttempt(ctx, byAddress); err != nil {
			return err
		}
		if err := a.append(ctx, tx.Queries, personOf(user, address), "sign_in", "", ""); err != nil {
			return err
		}
		return tx.InsertSession(ctx, sqlgen.InsertSessionParams{
			TokenHash: a.sessionHash(token), MerchantID: user.MerchantID, UserID: user.ID, Mode: string(mode),
			CreatedAt: now.UnixMilli(), SeenAt: now.UnixMilli(), ExpiresAt: now.Add(sessionLife).UnixMilli(),
		})
	})
	if err != nil {
		return "", fmt.Errorf("open session: %w", err)
	}
	return token, nil
}

func (a *Accounts) sessionHash(token pay.Secret) string {
	return a.Box.Lookup(token.Reveal(), "session")
}

// Session finds who holds a token; pay.ErrNotFound when nobody does any more.
func (a *Accounts) Session(ctx context.Context, token pay.Secret, address string) (Person, error) {
	if token.IsZero() {
		return Person{}, pay.NotFound("session")
	}
	row, err := a.Store.Read().GetSession(ctx, a.sessionHash(token))
	now := a.Now().UTC()
	ended := now.UnixMilli() >= row.ExpiresAt || now.Sub(store.Time(row.SeenAt)) >= sessionIdle
	if errors.Is(err, sql.ErrNoRows) || err == nil && ended {
		return Person{}, pay.NotFound("session")
	}
	if err != nil {
		return Person{}, fmt.Errorf("read session: %w", err)
	}
	if now.Sub(store.Time(row.SeenAt)) >= touchEvery {
		err := a.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.TouchSession(ctx, sqlgen.TouchSessionParams{SeenAt: now.UnixMilli(), TokenHash: row.TokenHash})
			return err
		})
		if err != nil {
			return Person{}, fmt.Errorf("keep session: %w", err)
		}
	}
	return Person{
		UserID: row.UserID, Email: row.Email, Role: Role(row.Role), MerchantID: row.MerchantID,
		MerchantName: row.MerchantName, Mode: pay.Mode(row.Mode), Address: address, session: row.TokenHash,
	}, nil
}

// SignOut ends the session.
func (a *Accounts) SignOut(ctx context.Context, p Person) error {
	err := a.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.DeleteSession(ctx, p.session)
		return err
	})
	if err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	return nil
}

// Look changes which money the session looks at.
func (a *Accounts) Look(ctx context.Context, p Person, mode pay.Mode) error {
	if mode != pay.Test && mode != pay.Live {
		return pay.Invalid("mode", "the mode is test or live")
	}
	err := a.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.SetSessionMode(ctx, sqlgen.SetSessionModeParams{Mode: string(mode), TokenHash: p.session})
		return err
	})
	if err != nil {
		return fmt.Errorf("change mode: %w", err)
	}
	return nil
}
