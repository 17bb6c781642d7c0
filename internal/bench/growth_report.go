package bench

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// WriteGrowth puts a result beside those that a folder holds already, in place
// of one of the same store and sizes: growth.json has the figures, growth.md the
// tables and growth.svg the curves.
func WriteGrowth(folder string, r GrowthResult) error {
	file := filepath.Join(folder, "growth.json")
	var all []GrowthResult
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read %s: %w", file, err)
	}
	all = slices.DeleteFunc(all, func(old GrowthResult) bool { return old.Store == r.Store && slices.Equal(old.counts(), r.counts()) })
	all = append(all, r)
	slices.SortFunc(all, func(a, b GrowthResult) int {
		return cmp.Or(cmp.Compare(b.Store, a.Store), slices.Compare(a.counts(), b.counts()))
	})
	if text, err = json.MarshalIndent(all, "", "  "); err != nil {
		return fmt.Errorf("write growth: %w", err)
	}
	for name, content := range map[string][]byte{
		"growth.json": append(text, '\n'), "growth.md": growthText(all), "growth.svg": growthPlot(all),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil { //nolint:gosec // for everyone to read
			return fmt.Errorf("write growth: %w", err)
		}
	}
	return nil
}

func (r GrowthResult) counts() []int {
	var list []int
	for _, s := range r.Sizes {
		list = append(list, s.Payments)
	}
	return list
}

// find is what was measured under a name.
func (s GrowthSize) find(name string) (Percentiles, bool) {
	for _, m := range s.Took {
		if m.Name == name {
			return m.Percentiles, true
		}
	}
	return Percentiles{}, false
}

const growthIntroduction = `# Growth

Written by ` + "`make growth`" + `. How long the same things take with more and more payments stored, in milliseconds: the median, and the 99th percentile in brackets.

One merchant has all payments, with the events, attempts, postings and deliveries that a settled payment keeps; they are spread over the last 20 days, and made by multiplying a payment that went through the gateway. The 100 oldest are marked as failed, so that a list of the failed has to find its rows behind all others; 500 owe work for *claim due*, which takes 50 at a time. A payment that is read or searched for is drawn from all of them with the same chance: where they are more than memory holds, most of its rows come from the disk; a deep page lies at the far end of the list. *Create* is the answer to the merchant: commit, call of a provider that answers at once, commit.

The gateways of all sizes stand side by side and are asked in turn, one request at a time, so that what else the machine does meets all of them; each figure is of as many requests. The last columns are the median at the most payments by that at fewer: how many times as long it takes.

![How long things take by payments stored](growth.svg)
`

func growthText(all []GrowthResult) []byte {
	var b bytes.Buffer
	b.WriteString(growthIntroduction)
	for _, r := range all {
		growthTable(&b, r)
	}
	return b.Bytes()
}

func growthTable(b *bytes.Buffer, r GrowthResult) {
	if len(r.Sizes) == 0 {
		return
	}
	most := r.Sizes[len(r.Sizes)-1]
	fmt.Fprintf(b, "\n## %s, up to %s payments\n\n%s, %s. `%s`, %d requests for each figure.\n\n", storeTitle(r.Store), grouped(most.Payments), r.Date, r.Machine, r.Command, r.Rounds)
	head, rule := "| payments |", "| --- |"
	disk, speed := "| on disk |", "| preloaded per second |"
	for _, s := range r.Sizes {
		head += " " + grouped(s.Payments) + " |"
		rule += " ---: |"
		disk += " " + megabytes(s.Bytes) + " |"
		speed += " " + grouped(int(s.PreloadPerSecond)) + " |"
	}
	bases := r.Bases()
	for _, base := range bases {
		head += " by " + grouped(base.Payments) + " |"
		rule += " ---: |"
	}
	empty := strings.Repeat(" |", len(bases))
	fmt.Fprintf(b, "%s\n%s\n", head, rule)
	for _, m := range most.Took {
		fmt.Fprintf(b, "| %s |", m.Name)
		for _, s := range r.Sizes {
			p, _ := s.find(m.Name)
			fmt.Fprintf(b, " %.2f (%.1f) |", p.P50, p.P99)
		}
		for _, base := range bases {
			fmt.Fprintf(b, " %.2f |", r.Ratio(m.Name, base))
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(b, "%s%s\n%s%s\n", disk, empty, speed, empty)
	for _, s := range r.Skipped {
		fmt.Fprintf(b, "\nNot measured: %s.\n", s)
	}
}

// fewPayments is the most with which everything is in memory.
const fewPayments = 10_000

// Bases are the sizes that the largest is compared with: those with few
// payments, or the smallest.
func (r GrowthResult) Bases() []GrowthSize {
	smaller := r.Sizes[:len(r.Sizes)-1]
	few := slices.DeleteFunc(slices.Clone(smaller), func(s GrowthSize) bool { return s.Payments > fewPayments })
	if len(few) == 0 && len(smaller) > 0 {
		few = smaller[:1]
	}
	return few
}

// Ratio is how many times as long something takes with the most payments.
func (r GrowthResult) Ratio(name string, base GrowthSize) float64 {
	most, _ := r.Sizes[len(r.Sizes)-1].find(name)
	least, _ := base.find(name)
	return most.P50 / max(least.P50, 0.001)
}

func storeTitle(store string) string {
	if store == Postgres {
		return "PostgreSQL"
	}
	return "SQLite"
}

// grouped writes a number with its thousands apart.
func grouped(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + " " + text[i:]
	}
	return text
}

func megabytes(n int64) string {
	if n < 10<<30 {
		return grouped(int(n>>20)) + " MB"
	}
	return grouped(int(n>>30)) + " GB"
}

// machine tells what this one is, as far as the system says.
func machine() string {
	text := fmt.Sprintf("%d cores", runtime.NumCPU())
	info, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return text
	}
	for line := range strings.Lines(string(info)) {
		fields := strings.Fields(line)
		if len(fields) > 1 && fields[0] == "MemTotal:" {
			if kb, err := strconv.Atoi(fields[1]); err == nil {
				text += fmt.Sprintf(", %d GB of memory", (kb+1<<19)>>20)
			}
		}
	}
	return text
}
