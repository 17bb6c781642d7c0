package archtest

import (
	"fmt"
	"path"
	"strings"
)

// layer is a place in the layout. A path that ends in /* stands for each
// folder under it that no other entry names; those are siblings and do not
// import each other.
type layer struct {
	path string
	why  string // why it must not know what is listed below it
}

// layout lists the packages, each after all that it may import.
var layout = []layer{
	{"money", "an amount is a value; nothing else has to exist for it"},
	{"phone", "a phone number is a value; nothing else has to exist for it"},
	{"pay", "the domain is the same whoever stores it, serves it or calls it"},
	{"provider", "the seam is what providers and gateway agree on; it knows neither"},
	{"provider/providertest", "the conformance suite holds every provider to the same promises, so it knows none of them"},
	{"provider/providertest/*", "a made-up provider, for tests, is complete by itself like any other"},
	{"provider/*", "a provider's folder is complete by itself: a new one changes no other, and others may use its client on its own"},
	{"provider/all", "the list of providers is handed to the core, which it does not know"},
	{"internal/payoutfile", "a file of payouts is read the same whoever uploads it, and whatever becomes of it"},
	{"client", "a merchant's program uses the client without linking a gateway"},
	{"internal/secret", "sealing and hashing serve everyone and know no one's data"},
	{"internal/outbound", "the HTTP client guards every call alike, whatever is called"},
	{"internal/store/migrations", "the schema is text, read by the store"},
	{"internal/store/sqlgen", "generated from SQL; written by no one"},
	{"internal/store/pgtest", "a database server for tests knows no schema"},
	{"internal/store", "the store keeps rows; what they mean is decided above it"},
	{"internal/store/storetest", "one suite for both engines, of the store alone"},
	{"internal/ledger", "postings balance whichever use case makes them"},
	{"internal/due", "the runner claims rows that owe work; the work is handed to it"},
	{"internal/gateway", "the use cases are the same behind every front: API, dialect, page or job"},
	{"internal/reconcile", "statements are held against what the gateway booked, whoever brings them"},
	{"internal/webhook", "deliveries carry what the gateway decided, whoever shows it"},
	{"internal/account", "who the people are and what they may do does not depend on what they are shown"},
	{"internal/reseal", "a change of keys goes through every sealed column, whoever seals it, and changes nothing else"},
	{"internal/sandbox", "the simulated operators are a connector like any other, not a part of the fronts"},
	{"internal/api", "the native API is one front; fronts do not know each other"},
	{"internal/conform", "published examples are played from outside: over HTTP alone, against any program"},
	{"internal/web", "pages share their frame, not their content"},
	{"internal/web/*", "each set of pages is one front; fronts do not know each other"},
	{"internal/app", "everything is built in one place, which commands call"},
	{"internal/bench", "the benchmark starts the whole program and plays every party around it"},
	{"internal/simtest", "the simulation runs the whole program and plays every party around it"},
	{"internal/demo", "the demonstration starts the whole program and plays against it"},
	{"internal/doctor", "the doctor looks at a configuration as the program would use it, and changes nothing"},
	{"internal/backup", "a backup holds what was committed, whoever takes it; its tests run the whole program"},
	{"internal/listen", "forwarding reads a running gateway over its API alone"},
	{"cmd/passerelle", "main has flags and signals; nothing can import it"},
	{"e2e", "end-to-end tests are used by nothing"},
	{"e2e/browser", "tests in a browser are used by nothing"},
	{"e2e/fieldtest", "the parties around a gateway under test do not know what befalls it"},
	{"e2e/crash", "tests of killed processes are used by nothing"},
	{"e2e/cluster", "tests of several nodes are used by nothing"},
	{"deploy", "tests of the files that people deploy with are used by nothing"},
	{"internal/archtest", "the rules look at the source from outside"},
}

// place returns the position in the layout of a package, or -1.
func place(pkg string) int {
	wild := -1
	for i, l := range layout {
		if l.path == pkg {
			return i
		}
		if dir, ok := strings.CutSuffix(l.path, "/*"); ok && path.Dir(pkg) == dir {
			wild = i
		}
	}
	return wild
}

// isTestSupport tells packages that exist to be imported by tests, and those
// in their folders.
func isTestSupport(pkg string) bool {
	return pkg != "internal/archtest" && (strings.HasSuffix(pkg, "test") || strings.HasSuffix(path.Dir(pkg), "test"))
}

// checkLayout reports imports that point down the layout or sideways.
//
// A test file may also use test support that is listed below its package, as
// the suite of a package must know that package.
func checkLayout(t *tree) []string {
	var broken []string
	for _, f := range t.files {
		from := place(f.pkg)
		if from < 0 {
			broken = append(broken, fmt.Sprintf("%s: package %s does not stand in the layout; add it to layout.go, after all that it imports, with the reason why it stands there", f.path, f.pkg))
			continue
		}
		for _, imported := range f.imports {
			pkg, ours := t.own(imported)
			if !ours || pkg == f.pkg || f.test && isTestSupport(pkg) {
				continue
			}
			if to := place(pkg); to >= from {
				broken = append(broken, fmt.Sprintf("%s: %s imports %s, which is not listed above it: %s", f.path, f.pkg, pkg, layout[from].why))
			}
		}
	}
	return broken
}
