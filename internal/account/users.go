package account

import (
	"context"
	"fmt"
	"net/mail"
	"slices"
	"time"

	"github.com/passerelle-pay/passerelle/internal/secret"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
	"github.com/passerelle-pay/passerelle/pay"
)

// User is one of a merchant's people.
type User struct {
	ID        string
	Email     string
	Role      Role
	CreatedAt time.Time
}

// Users lists a merchant's people, first come first.
func (a *Accounts) Users(ctx context.Context, p Person) ([]User, error) {
	rows, err := a.Store.Read().ListUsers(ctx, p.MerchantID)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	list := make([]User, len(rows))
	for i, r := range rows {
		list[i] = User{ID: r.ID, Email: r.Email, Role: Role(r.Role), CreatedAt: store.Time(r.CreatedAt)}
	}
	return list, nil
}

// maxEmail bounds an address, in bytes (RFC 5321 §4.5.3.1).
const maxEmail = 254

// AddUser lets somebody else in and returns a first password, once.
func (a *Accounts) AddUser(ctx context.Context, p Person, email string, role Role) (pay.Secret, error) {
	email = normal(email)
	if parsed, err := mail.ParseAddress(email); err != nil || parsed.Address != email || len(email) > maxEmail {
		return "", pay.Invalid("email", "an e-mail address is needed")
	}
	if !slices.Contains(Roles(), role) {
		return "", pay.Invalid("role", "the role is operator or read_only")
	}
	password := pay.Secret(secret.Random(generatedPassword))
	hash, err := secret.HashPassword(ctx, password.Reveal())
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	now := a.Now().UTC()
	err = a.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		err := tx.InsertUser(ctx, sqlgen.InsertUserParams{
			ID: pay.NewID("usr", p.MerchantID, now), MerchantID: p.MerchantID, Email: email,
			PasswordHash: hash, Role: string(role), CreatedAt: now.UnixMilli(),
		})
		if err != nil {
			return err
		}
		return a.append(ctx, tx.Queries, p, "user.add", email, string(role))
	})
	if store.IsUnique(err, store.UniqueUserEmail) {
		return "", pay.Conflict("duplicate_email", "a user with that e-mail address exists")
	}
	if err != nil {
		return "", fmt.Errorf("add user: %w", err)
	}
	return password, nil
}

// RemoveUser ends somebody's access and their sessions. An owner stays.
func (a *Accounts) RemoveUser(ctx context.Context, p Person, id string) error {
	err := a.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.DeleteUser(ctx, sqlgen.DeleteUserParams{MerchantID: p.MerchantID, ID: id})
		if err != nil {
			return err
		}
		if n == 0 {
			return pay.NotFound("user")
		}
		if _, err := tx.DeleteUserSessions(ctx, sqlgen.DeleteUserSessionsParams{MerchantID: p.MerchantID, UserID: id}); err != nil {
			return err
		}
		if _, err := tx.DeleteSecondFactor(ctx, sqlgen.DeleteSecondFactorParams{MerchantID: p.MerchantID, UserID: id}); err != nil {
			return err
		}
		return a.append(ctx, tx.Queries, p, "user.remove", id, "")
	})
	if err != nil {
		return fmt.Errorf("remove user: %w", err)
	}
	return nil
}

// ChangePassword replaces a person's own password, which they prove to know,
// and ends their other sessions. A wrong one counts as a try to sign in.
func (a *Accounts) ChangePassword(ctx context.Context, p Person, old, next pay.Secret) error {
	if n := len(next.Reveal()); n < minPassword || n > maxPassword {
		return pay.Invalid("password", fmt.Sprintf("a password has %d to %d characters", minPassword, maxPassword))
	}
	key := a.Box.Lookup(p.Email, "sign-in-account")
	allowed, err := a.countTry(ctx, key, a.Box.Lookup(p.Address, "sign-in-address"))
	if err != nil {
		return err
	}
	if !allowed {
		return ErrLocked
	}
	user, err := a.Store.Read().GetUser(ctx, sqlgen.GetUserParams{MerchantID: p.MerchantID, ID: p.UserID})
	if err != nil {
		return fmt.Errorf("read user: %w", err)
	}
	right, err := secret.VerifyPassword(ctx, bounded(old), user.PasswordHash)
	if err != nil {
		return fmt.Errorf("check password: %w", err)
	}
	if !right {
		return ErrWrong
	}
	hash, err := secret.HashPassword(ctx, next.Reveal())
	if err != nil {
		return fmt.Errorf("hash password: %w", err)
	}
	err = a.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.SetPassword(ctx, sqlgen.SetPasswordParams{PasswordHash: hash, MerchantID: p.MerchantID, ID: p.UserID}); err != nil {
			return err
		}
		if _, err := tx.DeleteUserSessions(ctx, sqlgen.DeleteUserSessionsParams{MerchantID: p.MerchantID, UserID: p.UserID, ExceptHash: p.session}); err != nil {
			return err
		}
		if _, err := tx.ForgetSignInAttempts(ctx, key); err != nil {
			return err
		}
		return a.append(ctx, tx.Queries, p, "password.change", "", "")
	})
	if err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	return nil
}

// ResetPassword gives one of a merchant's people a new password, which is shown
// once, where the old one or the authenticator is lost. Whoever had them is out:
// sessions, authenticator and tries end. Without an address it is the owner's.
func (a *Accounts) ResetPassword(ctx context.Context, by Person, email string) (User, pay.Secret, error) {
	user, err := a.named(ctx, by, normal(email))
	if err != nil {
		return User{}, "", err
	}
	password := pay.Secret(secret.Random(generatedPassword))
	hash, err := secret.HashPassword(ctx, password.Reveal())
	if err != nil {
		return User{}, "", fmt.Errorf("hash password: %w", err)
	}
	err = a.Store.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.SetPassword(ctx, sqlgen.SetPasswordParams{PasswordHash: hash, MerchantID: by.MerchantID, ID: user.ID})
		if err != nil {
			return err
		}
		if n == 0 {
			return pay.NotFound("user") // removed meanwhile
		}
		if _, err := tx.DeleteUserSessions(ctx, sqlgen.DeleteUserSessionsParams{MerchantID: by.MerchantID, UserID: user.ID}); err != nil {
			return err
		}
		if _, err := tx.DeleteSecondFactor(ctx, sqlgen.DeleteSecondFactorParams{MerchantID: by.MerchantID, UserID: user.ID}); err != nil {
			return err
		}
		if _, err := tx.ForgetSignInAttempts(ctx, a.Box.Lookup(user.Email, "sign-in-account")); err != nil {
			return err
		}
		return a.append(ctx, tx.Queries, by, "password.reset", user.Email, "")
	})
	if err != nil {
		return User{}, "", fmt.Errorf("reset password: %w", err)
	}
	return user, password, nil
}

// named finds one of a merchant's people; "" is the owner.
func (a *Accounts) named(ctx context.Context, p Person, email string) (User, error) {
	people, err := a.Users(ctx, p)
	if err != nil {
		return User{}, err
	}
	i := slices.IndexFunc(people, func(u User) bool { return u.Email == email || email == "" && u.Role == Owner })
	if i < 0 {
		return User{}, pay.NotFound("user of this merchant")
	}
	return people[i], nil
}
