package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/passerelle-pay/passerelle/internal/account"
	"github.com/passerelle-pay/passerelle/internal/store"
	"github.com/passerelle-pay/passerelle/internal/store/sqlgen"
)

type auditCommand struct {
	Verify auditVerify `cmd:"" help:"Walk each merchant's audit trail and name the first entry that was changed, added or taken out."`
}

type auditVerify struct {
	database
	Merchant string `help:"The merchant's name or id; all of them unless set." placeholder:"NAME"`
	Head     string `help:"A head that an earlier run printed: the trail must still have it." placeholder:"HEAD"`
}

// Help is shown by `passerelle audit verify --help`.
func (auditVerify) Help() string {
	return `Each entry's hash covers the one before, so that none can be changed or taken out of
the middle unseen. Who can write to the database can still cut off the end and set the
head back: note the heads that are printed somewhere else, and give one with --head.

The exit status is 1 when a trail is broken.`
}

// Run verifies the trails; it changes nothing.
func (c auditVerify) Run(ctx context.Context) error {
	var noted account.Head
	if c.Head != "" {
		if c.Merchant == "" {
			return errors.New("--head is the head of one trail: name its merchant with --merchant")
		}
		var err error
		if noted, err = account.ParseHead(c.Head); err != nil {
			return err
		}
	}
	box, err := c.keyring()
	if err != nil {
		return err
	}
	s, err := c.openStore(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	merchants, err := c.merchants(ctx, s)
	if err != nil {
		return err
	}
	return verifyTrails(ctx, &account.Accounts{Store: s, Box: box, Now: time.Now}, merchants, noted)
}

func (c auditVerify) merchants(ctx context.Context, s *store.Store) ([]sqlgen.Merchant, error) {
	if c.Merchant != "" {
		m, err := findMerchant(ctx, s, c.Merchant)
		return []sqlgen.Merchant{m}, err
	}
	list, err := s.Read().ListMerchants(ctx)
	if err != nil {
		return nil, fmt.Errorf("list merchants: %w", err)
	}
	return list, nil
}

func verifyTrails(ctx context.Context, trails *account.Accounts, merchants []sqlgen.Merchant, noted account.Head) error {
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "MERCHANT\tNAME\tENTRIES\tRESULT\tHEAD")
	intact := true
	for _, m := range merchants {
		v, err := trails.CheckTrail(ctx, m.ID, noted)
		if err != nil {
			return fmt.Errorf("verify the trail of %s: %w", m.ID, err)
		}
		result := "intact"
		if v.Broken > 0 {
			intact, result = false, fmt.Sprintf("BROKEN at entry %d", v.Broken)
		}
		_, _ = fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%s\n", m.ID, m.Name, v.Holds, result, v.Head)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if !intact {
		return errShown
	}
	return nil
}
