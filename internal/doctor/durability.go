package doctor

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/internal/store"
)

const (
	// scarce and gone are how little room on the disk is worth a word, and how
	// little stops payments soon.
	scarce = 2 << 30
	gone   = 200 << 20
	// clocksApart is how far this machine's clock may be from the database's.
	clocksApart = 2 * time.Second
)

// databaseThere looks for the file of a SQLite database, since opening one that
// is missing would make it.
func (e *examination) databaseThere() bool {
	const check = "database"
	if store.IsPostgres(e.config.DatabaseURL) {
		return true
	}
	if store.CheckURL(e.config.DatabaseURL) != nil {
		return false // the configuration says so already
	}
	if e.config.DatabaseURL == ":memory:" {
		e.fail(check, "it is in memory and lost when the program ends", "set PASSERELLE_DATABASE_URL to a path or to a postgres:// address")
		return false
	}
	info, err := os.Stat(e.config.DatabaseURL)
	switch {
	case os.IsNotExist(err):
		e.warn(check, "there is none yet", "`passerelle migrate` makes it, or starting serve")
		e.room(e.config.DatabaseURL)
		return false
	case err != nil:
		e.fail(check, "its file can't be looked at", "check that this user may read it")
		return false
	case !info.Mode().IsRegular():
		e.fail(check, "the path is not that of a file", "set PASSERELLE_DATABASE_URL to the path of the database's file")
		return false
	}
	if info.Mode().Perm()&0o077 != 0 {
		e.warn(check, "others on this machine may read its file, which holds phone numbers", "chmod 600 on the file")
	}
	e.room(e.config.DatabaseURL)
	return true
}

// room measures the disk under a path, or under the nearest folder that is there.
func (e *examination) room(path string) {
	const check = "disk"
	folder, err := filepath.Abs(path)
	for err == nil {
		if _, err := os.Stat(folder); err == nil || folder == filepath.Dir(folder) {
			break
		}
		folder = filepath.Dir(folder)
	}
	free, known := freeSpace(folder)
	switch {
	case err != nil || !known:
		e.warn(check, "the free space can't be measured here", "see that the disk of the database has room")
	case free < gone:
		e.fail(check, fmt.Sprintf("%d MB are free", free>>20), "make room: without it payments stop")
	case free < scarce:
		e.warn(check, fmt.Sprintf("%d MB are free", free>>20), "make room before the database needs it")
	default:
		e.ok(check, "%d GB are free", free>>30)
	}
}

// durability asks the database whether what it has confirmed is on disk.
func (e *examination) durability(ctx context.Context, s *store.Store) {
	if s.Engine() == "postgres" {
		e.postgres(ctx, s)
		return
	}
	var journal, synchronous string
	err := s.Update(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Raw().QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&journal); err != nil {
			return err
		}
		return tx.Raw().QueryRowContext(ctx, "PRAGMA synchronous").Scan(&synchronous)
	})
	const check, full = "durability", "2"
	switch {
	case err != nil:
		e.fail(check, "the database can't be written: "+e.hidden(err), "check the permissions of the file and its folder, and that the disk is not full")
	case journal != "wal" || synchronous != full:
		e.fail(check, fmt.Sprintf("journal_mode is %s and synchronous %s, not wal and %s: a power cut may lose confirmed payments", journal, synchronous, full), "keep the database on a local disk; network file systems can't hold it")
	default:
		e.ok(check, "write-ahead log, each commit waits for the disk")
	}
}

func (e *examination) postgres(ctx context.Context, s *store.Store) {
	const check = "durability"
	var off []string
	for _, name := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		var value string
		if err := s.RawRead().QueryRowContext(ctx, "SELECT current_setting($1)", name).Scan(&value); err != nil {
			e.fail(check, "its settings can't be read: "+e.hidden(err), "check the database user's rights")
			return
		}
		if value == "off" {
			off = append(off, name)
		}
	}
	if len(off) > 0 {
		e.fail(check, strings.Join(off, " and ")+" off: a power cut may lose confirmed payments", "turn on what is off in postgresql.conf")
	} else {
		e.ok(check, "each commit waits for the disk")
	}
	e.databaseClock(ctx, s)
}

func (e *examination) databaseClock(ctx context.Context, s *store.Store) {
	const check = "clock of the database"
	var ms int64
	before := e.config.Now()
	err := s.RawRead().QueryRowContext(ctx, "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)").Scan(&ms)
	if err != nil {
		e.warn(check, "it can't be read: "+e.hidden(err), "compare the clocks of both machines")
		return
	}
	apart := time.UnixMilli(ms).Sub(before).Abs()
	if apart > clocksApart {
		e.warn(check, fmt.Sprintf("it is %s from this machine's", apart.Round(time.Second)), "keep both set by NTP: leases and expiries rely on them")
		return
	}
	e.ok(check, "agrees with this machine's")
}

// hidden is an error's text, on one line, without the database's address and
// password.
func (e *examination) hidden(err error) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	hide := []string{e.config.DatabaseURL}
	if u, parsed := url.Parse(e.config.DatabaseURL); parsed == nil && u.User != nil {
		if password, set := u.User.Password(); set {
			hide = append(hide, password, url.QueryEscape(password))
		}
	}
	for _, s := range hide {
		if s != "" {
			text = strings.ReplaceAll(text, s, "****")
		}
	}
	return text
}
