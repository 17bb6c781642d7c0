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
// same order. When a statement fails, the group is undone and each closure runs
// again, alone.
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

// errGroupLost: nothing of the group was kept, for a reason that may be another's.
var errGroupLost = errors.New("the group was undone")

// commit hands in writes and waits until they are on disk. After errGroupLost
// nothing was kept; after any other error that is not known.
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
		err := g.send(list)
		for _, m := range list {
			m.answer <- err
		}
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

func (g *groups) send(list []*member) error {
	ctx, cancel := closureContext(context.Background())
	defer cancel()
	slices.SortStableFunc(list, func(a, b *member) int { return strings.Compare(a.about, b.about) })
	p := &pipeline{db: g.engine.db, caller: ctx}
	defer p.release()
	defer p.rollback(ctx)
	for _, m := range list {
		p.queue = append(p.queue, m.queue...)
	}
	err := p.commit(ctx)
	if err == nil {
		g.engine.committed(false)
		return nil
	}
	if undone(p, err) {
		return fmt.Errorf("%w: %w", errGroupLost, err)
	}
	return fmt.Errorf("commit a group: %w", err)
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
