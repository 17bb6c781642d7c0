package bench

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of CPU time in /proc, which Linux fixes for programs.
const tick = 10 * time.Millisecond

// serverCPU is the CPU time of a PostgreSQL server on this machine, of which
// one backend is known: the postmaster, its children and those that have ended.
// It is 0 where that can't be known.
func serverCPU(backend int) time.Duration {
	one, ok := readProcess(backend)
	if !ok || one.name != "postgres" {
		return 0
	}
	master, ok := readProcess(one.parent)
	if !ok || master.name != "postgres" {
		return 0
	}
	sum := master.own + master.ended
	list, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0
	}
	for _, dir := range list {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		if p, ok := readProcess(pid); ok && p.parent == one.parent {
			sum += p.own
		}
	}
	return sum
}

// process is what /proc/PID/stat says of one: its own CPU time and that of its
// children that have ended.
type process struct {
	name       string
	parent     int
	own, ended time.Duration
}

func readProcess(pid int) (p process, ok bool) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return p, false
	}
	// The name stands in parentheses and may itself hold anything.
	open, end := strings.IndexByte(string(text), '('), strings.LastIndexByte(string(text), ')')
	if open < 0 || end < open {
		return p, false
	}
	p.name = string(text[open+1 : end])
	fields := strings.Fields(string(text[end+1:])) // from field 3, the state, on
	if len(fields) < 15 {
		return p, false
	}
	var numbers [5]int64
	for i, field := range []string{fields[1], fields[11], fields[12], fields[13], fields[14]} {
		if numbers[i], err = strconv.ParseInt(field, 10, 64); err != nil {
			return p, false
		}
	}
	p.parent = int(numbers[0])
	p.own = time.Duration(numbers[1]+numbers[2]) * tick
	p.ended = time.Duration(numbers[3]+numbers[4]) * tick
	return p, true
}
