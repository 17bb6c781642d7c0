package outbound

import (
	"strings"
	"sync"
)

// judgement is what is known of a field's name, whatever redactor asks.
type judgement struct {
	kind     nameKind // its own, or with its parent's name
	harmless bool     // no pattern masks anything in the name itself
}

// What is remembered of names. Peers choose names: without bounds they would
// choose how much memory they take.
const (
	mostJudged    = 1024
	longestJudged = 128
)

// judged remembers the judgements of names, as every payment brings the same
// few dozen and to judge one costs more than to copy it.
var judged = judgements{by: map[fieldName]judgement{}}

type judgements struct {
	mu sync.RWMutex
	by map[fieldName]judgement
}

// of returns the judgement of f.
func (j *judgements) of(f fieldName) judgement {
	if len(f.parent)+len(f.name) > longestJudged {
		return judgement{kind: kindWithin(f)}
	}
	j.mu.RLock()
	known, ok := j.by[f]
	j.mu.RUnlock()
	if ok {
		return known
	}
	fresh := judgement{kind: kindWithin(f), harmless: withoutSecrets.text(f.name) == f.name}
	if fresh.harmless { // a name that shows a secret is not kept
		j.keep(f, fresh)
	}
	return fresh
}

// keep remembers a judgement. When there is no room it begins anew: names that
// matter come back, and made-up ones cannot hold their places for ever.
func (j *judgements) keep(f fieldName, fresh judgement) {
	f = fieldName{strings.Clone(f.parent), strings.Clone(f.name)} // the body they are cut from must not stay
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.by) >= mostJudged {
		clear(j.by)
	}
	j.by[f] = fresh
}

// knownKind is kindOf for a name that is likely to come again.
func knownKind(name string) nameKind { return judged.of(fieldName{name: name}).kind }
