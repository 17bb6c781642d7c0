package cluster_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/passerelle-pay/passerelle/internal/bench"
)

// report is the table that a whole run ends with.
var report struct {
	sync.Mutex
	lines [][3]string
}

// told puts a figure into the report.
func told(t *testing.T, figure, format string, args ...any) {
	t.Helper()
	_, scene, _ := strings.Cut(t.Name(), "/")
	report.Lock()
	defer report.Unlock()
	t.Logf("%s: "+format, append([]any{figure}, args...)...)
	report.lines = append(report.lines, [3]string{strings.ReplaceAll(scene, "_", " "), figure, fmt.Sprintf(format, args...)})
}

// finishReport prints the table and, where it is wanted, writes it; the result
// is an exit status. A run that failed has not met every scene to its end, and
// its figures don't take the place of better ones.
func finishReport(passed bool) (status int) {
	printReport()
	if *keep == "" || !passed {
		return 0
	}
	file := filepath.Join(*keep, "performance.md")
	if err := bench.WriteBlock(file, "cluster", clusterBlock(report.lines, bench.Machine(), time.Now())); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func printReport() {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "\nscene\tfigure\tvalue")
	for _, l := range report.lines {
		fmt.Fprintln(out, strings.Join(l[:], "\t"))
	}
	_ = out.Flush()
}

// clusterBlock is the table for the record.
func clusterBlock(lines [][3]string, machine string, now time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Written by `make cluster`. %s, %s/%s; %s; %s.\n\n| scene | figure | value |\n| --- | --- | --- |\n",
		machine, runtime.GOOS, runtime.GOARCH, now.UTC().Format(time.DateOnly), runtime.Version())
	last := ""
	for _, l := range lines {
		scene := l[0]
		if scene == last {
			scene = "" // once is enough to read
		}
		last = l[0]
		fmt.Fprintf(&b, "| %s | %s | %s |\n", inCell(scene), inCell(l[1]), inCell(l[2]))
	}
	b.WriteString("\n```sh\nmake cluster\n```\n")
	return b.String()
}

// inCell keeps a text within its cell.
func inCell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

func TestTheReportIsATable(t *testing.T) {
	got := clusterBlock([][3]string{
		{"a primary that is lost", "transactions", "12 (7 succeeded | 5 failed)"},
		{"a primary that is lost", "violations", "0"},
		{"clocks a minute apart", "violations", "0"},
	}, "4 cores", time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC))
	for _, want := range []string{
		"`make cluster`. 4 cores, ", "; 2026-11-21; go", "```sh\nmake cluster\n```",
		"| a primary that is lost | transactions | 12 (7 succeeded \\| 5 failed) |\n|  | violations | 0 |\n| clocks a minute apart | violations | 0 |\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the report lacks %q:\n%s", want, got)
		}
	}
}
