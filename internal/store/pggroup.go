package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
)

// maxMembers bounds the closures of one commit.
const maxMembers = 64

// groups commits the writes of many closures in one transaction and one journey
// to the server: a commit and a journey each cost more than the statements of
// most closures. One group is on its way at a time; what comes meanwhile is the
// next, so an idle one never waits for company.
//
// Members are sorted by what they are about, so that two nodes lock rows in the
// same order. When a statement fails, the group is undone and sent again without
// the member whose it is, whose closure runs again.
type groups struct {
	engine  *postgresEngine
	mu      sync.Mutex
	pending []*member
	busy    bool
}

// member is what one closure writes.
type member struct {
	about  string
	queue  []*deferred
	answer chan error
}

var (
	// errGroupLost: nothing of the group was kept, for a reason that may be another's.
	errGroupLost = errors.New("the group was undone")
	// errMemberStale: the member built on a row that has changed since, and would
	// fit into a group as it stands now.
	errMemberStale = errors.New("the member is stale")
)

// maxCulprits is how many members are taken out of a group, one by one, before
// the rest run again alone.
const maxCulprits = 8

// commit hands in writes and waits until they are on disk. After errGroupLost or
// errMemberStale nothing was kept; after any other error that is not known.
func (g *groups) commit(about string, queue []*deferred) error {
	m := &member{about: about, queue: queue, answer: make(chan error, 1)}
	g.mu.Lock()
	g.pending = append(g.pending, m)
	if !g.busy {
		g.busy = true
		go g.loop()
	}
	g.mu.Unlock()
	return <-m.answer
}

// loop commits until nothing is pending.
func (g *groups) loop() {
	for list := g.take(); len(list) > 0; list = g.take() {
		g.work(list)
		// Those who were answered come back at once; the first of them would
		// otherwise be a group by itself.
		runtime.Gosched()
	}
}

func (g *groups) take() []*member {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(g.pending), maxMembers)
	list := slices.Clone(g.pending[:n])
	g.pending = slices.Delete(g.pending, 0, n)
	g.busy = n > 0
	return list
}

// work commits members and answers them.
func (g *groups) work(list []*member) {
	slices.SortStableFunc(list, func(a, b *member) int { return strings.Compare(a.about, b.about) })
	for range maxCulprits {
		culprit, err := g.send(list)
		if culprit < 0 {
			answer(list, err)
			return
		}
		if collided(err) {
			err = fmt.Errorf("%w: %w", errMemberStale, err)
		}
		answer(list[culprit:culprit+1], err)
		if list = slices.Delete(list, culprit, culprit+1); len(list) == 0 {
			return
		}
	}
	answer(list, errGroupLost)
}

func answer(list []*member, err error) {
	for _, m := range list {
		m.answer <- err
	}
}

// send commits members, which are sorted. Of an error that one of them is to
// blame for it names the culprit, else -1.
func (g *groups) send(list []*member) (culprit int, err error) {
	ctx, cancel := closureContext(context.Background())
	defer cancel()
	p := &pipeline{db: g.engine.db, caller: ctx}
	defer p.release()
	defer p.rollback(ctx)
	for _, m := range list {
		p.queue = append(p.queue, m.queue...)
	}
	err = p.commit(ctx)
	if err == nil {
		g.engine.committed(false)
		return -1, nil
	}
	if !undone(p, err) {
		return -1, fmt.Errorf("commit a group: %w", err)
	}
	return culpritOf(list, p.failed), fmt.Errorf("%w: %w", errGroupLost, err)
}

// culpritOf is the member whose statement failed; -1 where none did.
func culpritOf(list []*member, failed *deferred) int {
	return slices.IndexFunc(list, func(m *member) bool { return failed != nil && slices.Contains(m.queue, failed) })
}

// undone: the server has refused, or has never heard, what was sent.
func undone(p *pipeline, err error) bool {
	if p.conn == nil || p.neverSent() || errors.Is(err, errNotCommitted) {
		return true
	}
	var refused *pgconn.PgError
	return errors.As(err, &refused) && !errors.Is(err, errAtCommit)
}

// onlyWrites: nothing has been sent, and something is to be.
func (p *pipeline) onlyWrites() bool { return p.err == nil && !p.begun && len(p.queue) > 0 }
