// Package deploy_test holds the files that people run Passerelle with against
// the program: a metric, a setting or a flag that is renamed must not leave an
// alert that never fires, or a node that does not start.
package deploy_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/internal/secret"
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, path)), into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// exposed starts a gateway and returns what Prometheus would read.
func exposed(t *testing.T) string {
	t.Helper()
	keys, err := secret.ParseKeyring(secret.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	running, err := app.Start(context.Background(), app.Config{
		Addr: "127.0.0.1:0", DatabaseURL: ":memory:", Keys: keys, OperatorDelay: "1s", DrainFor: 10 * time.Second, Version: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := running.Drain(); err != nil {
			t.Error(err)
		}
	}()
	ask(t, running.URL+"/v1/payments") // a request, so that there is one to count
	return ask(t, running.URL+"/metrics")
}

func ask(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

type rules struct {
	Groups []struct {
		Rules []struct {
			Alert, Expr         string
			Labels, Annotations map[string]string
		}
	}
}

type dashboard struct {
	Panels []struct {
		Title   string
		Targets []struct{ Expr string }
	}
}

// expressions are those of the alert rules and of the dashboard, by their names.
func expressions(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	var r rules
	readYAML(t, "prometheus/alerts.yml", &r)
	for _, group := range r.Groups {
		for _, rule := range group.Rules {
			found["alert "+rule.Alert] = rule.Expr
			if s := rule.Labels["severity"]; s != "page" && s != "ticket" {
				t.Errorf("%s has the severity %q", rule.Alert, s)
			}
			if rule.Annotations["summary"] == "" || rule.Annotations["action"] == "" {
				t.Errorf("%s does not say what is wrong and what to do", rule.Alert)
			}
		}
	}
	var d dashboard
	if err := json.Unmarshal([]byte(read(t, "grafana/dashboards/passerelle.json")), &d); err != nil {
		t.Fatal(err)
	}
	for _, panel := range d.Panels {
		for _, target := range panel.Targets {
			found["panel "+panel.Title+": "+target.Expr] = target.Expr
		}
	}
	if len(found) < 25 {
		t.Fatalf("only %d expressions were found", len(found))
	}
	return found
}

var (
	metricName = regexp.MustCompile(`\b(passerelle|process|go)_[a-z0-9_]+`)
	quoted     = regexp.MustCompile(`"[^"]*"`)
	messages   = regexp.MustCompile(`message=~?"([^"]+)"`)
)

func TestAlertsAndDashboardAskForMetricsThatAGatewayHas(t *testing.T) {
	t.Parallel()
	text := exposed(t)
	for name, expr := range expressions(t) {
		asked := metricName.FindAllString(quoted.ReplaceAllString(expr, ""), -1)
		if len(asked) == 0 && !strings.HasPrefix(expr, "up{") {
			t.Errorf("%s asks for no metric of ours: %s", name, expr)
		}
		for _, metric := range asked {
			if !regexp.MustCompile(`(?m)^` + metric + `[{ ]`).MatchString(text) {
				t.Errorf("%s asks for %s, which a gateway does not have", name, metric)
			}
		}
		for _, m := range messages.FindAllStringSubmatch(expr, -1) {
			for _, message := range strings.Split(m[1], "|") {
				if !strings.Contains(text, `message="`+message+`"} 0`) {
					t.Errorf("%s asks for the message %q, which is not counted from zero", name, message)
				}
			}
		}
	}
}

// The messages are counted wherever they come from, so each must still be one
// that the program logs.
func TestMessagesThatAlertsAskForAreInTheProgram(t *testing.T) {
	t.Parallel()
	var source strings.Builder
	for _, pattern := range []string{"../internal/gateway/*.go", "../internal/app/*.go", "../internal/api/*.go"} {
		files, err := filepath.Glob(filepath.FromSlash(pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if base := filepath.Base(file); base != "metrics_log.go" && !strings.HasSuffix(base, "_test.go") {
				source.WriteString(read(t, file))
			}
		}
	}
	for name, expr := range expressions(t) {
		for _, m := range messages.FindAllStringSubmatch(expr, -1) {
			for _, message := range strings.Split(m[1], "|") {
				if !strings.Contains(source.String(), `"`+message+`"`) {
					t.Errorf("%s asks for the message %q, which nobody logs", name, message)
				}
			}
		}
	}
}

// settings are the variables and flags of serve, as documented; another test
// holds the document to the program.
func settings(t *testing.T) (variables, flags map[string]bool) {
	t.Helper()
	variables, flags = map[string]bool{}, map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(PASSERELLE_[A-Z_]+)` \\| `(--[a-z-]+)` ").FindAllStringSubmatch(read(t, "../docs/operations.md"), -1) {
		variables[row[1]], flags[row[2]] = true, true
	}
	if len(variables) < 10 {
		t.Fatalf("only %d settings were found", len(variables))
	}
	return variables, flags
}

func TestOnlySettingsThatServeReadsAreUsed(t *testing.T) {
	t.Parallel()
	variables, flags := settings(t)
	for _, file := range []string{"compose.yaml", "Dockerfile", "systemd/passerelle.service", "systemd/passerelle.env.example", "README.md"} {
		for _, name := range regexp.MustCompile(`PASSERELLE_[A-Z_]+`).FindAllString(read(t, file), -1) {
			if !variables[name] {
				t.Errorf("%s sets %s, which serve does not read", file, name)
			}
		}
	}
	start := regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/passerelle serve(.*)$`).FindStringSubmatch(read(t, "systemd/passerelle.service"))
	if start == nil {
		t.Fatal("the unit does not start serve")
	}
	for _, flag := range regexp.MustCompile(`--[a-z-]+`).FindAllString(start[1], -1) {
		if !flags[flag] {
			t.Errorf("the unit starts serve with %s, which it does not take", flag)
		}
	}
}

type compose struct {
	Services map[string]struct {
		Environment any
		Command     any
		Grace       string `yaml:"stop_grace_period"`
		Networks    any
		Ports       []string
	}
	Networks map[string]struct {
		IPAM struct{ Config []struct{ Subnet string } }
	}
}

func TestTheComposeFileTheBalancerAndPrometheusAgree(t *testing.T) {
	t.Parallel()
	var c compose
	readYAML(t, "compose.yaml", &c)
	balancer, targets := read(t, "haproxy/haproxy.cfg"), read(t, "prometheus/prometheus.yml")
	address := c.Services["balancer"].Networks.(map[string]any)["inside"].(map[string]any)["ipv4_address"].(string)
	if subnet := netip.MustParsePrefix(c.Networks["inside"].IPAM.Config[0].Subnet); !subnet.Contains(netip.MustParseAddr(address)) {
		t.Errorf("the balancer's address %s is not in %s", address, subnet)
	}
	nodes := 0
	for name, service := range c.Services {
		if !strings.HasPrefix(name, "node") {
			continue
		}
		nodes++
		env := service.Environment.(map[string]any)
		if len(service.Ports) > 0 {
			t.Errorf("%s is published past the balancer, with its metrics", name)
		}
		if trusted, err := app.ParseNetworks("", env["PASSERELLE_TRUSTED_PROXIES"].(string)); err != nil || len(trusted) != 1 || trusted[0].String() != address+"/32" {
			t.Errorf("%s trusts %v, and not the balancer at %s alone", name, trusted, address)
		}
		if !strings.Contains(balancer, "server "+name+" "+name+env["PASSERELLE_ADDR"].(string)+"\n") {
			t.Errorf("the balancer does not send to %s", name)
		}
		if !strings.Contains(targets, `"`+name+env["PASSERELLE_ADMIN_ADDR"].(string)+`"`) {
			t.Errorf("Prometheus does not ask %s", name)
		}
		outlives(t, name, service.Grace, env["PASSERELLE_DRAIN"].(string))
		if n := inner(t, env["PASSERELLE_DRAIN_NOTICE"].(string)); n < 3*time.Second || n > inner(t, env["PASSERELLE_DRAIN"].(string))/2 {
			t.Errorf("%s gives a notice of %s: the balancer needs two looks, and half of the drain is kept", name, n)
		}
	}
	if nodes < 2 || strings.Count(balancer, "\tserver node") != nodes {
		t.Errorf("there are %d nodes, and the balancer knows %d", nodes, strings.Count(balancer, "\tserver node"))
	}
	for _, needed := range []string{"uri /readyz", "http-check expect status 200", "set-header X-Forwarded-For %[src]", "retry-on conn-failure", "scheme https"} {
		if !strings.Contains(balancer, needed) {
			t.Errorf("the balancer lacks %q", needed)
		}
	}
}

func inner(t *testing.T, text string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func outlives(t *testing.T, name, grace, drain string) {
	t.Helper()
	if inner(t, grace) <= inner(t, drain) {
		t.Errorf("%s is killed after %s and drains for %s", name, grace, drain)
	}
}

func TestTheUnitOutlivesTheDrainAndListensWithinTheMachine(t *testing.T) {
	t.Parallel()
	unit := read(t, "systemd/passerelle.service")
	value := func(pattern string) string {
		m := regexp.MustCompile(pattern).FindStringSubmatch(unit)
		if m == nil {
			t.Fatalf("the unit has no %s", pattern)
		}
		return m[1]
	}
	outlives(t, "the unit", value(`TimeoutStopSec=(\d+)`)+"s", value(`--drain=(\S+)`))
	for _, flag := range []string{`--addr=(\S+)`, `--admin-addr=(\S+)`} {
		if host, _, err := net.SplitHostPort(value(flag)); err != nil || !netip.MustParseAddr(host).IsLoopback() {
			t.Errorf("it listens on %s, %v: a proxy on the machine ends TLS", value(flag), err)
		}
	}
	for _, file := range []string{"grafana/provisioning/datasources/prometheus.yml", "grafana/provisioning/dashboards/passerelle.yml", "prometheus/prometheus.yml"} {
		var any map[string]any
		readYAML(t, file, &any)
	}
}

// The merchant is added as the unit runs, or its files would be another user's
// and its settings missing.
func TestAMerchantIsAddedAsTheUnitRuns(t *testing.T) {
	t.Parallel()
	command := regexp.MustCompile(`(?m)^systemd-run (.*\\\n.*)$`).FindString(read(t, "README.md"))
	if !strings.Contains(command, "/usr/local/bin/passerelle merchant add ") {
		t.Fatalf("README.md adds no merchant by systemd-run: %q", command)
	}
	unit := read(t, "systemd/passerelle.service")
	for _, name := range []string{"User", "EnvironmentFile"} {
		setting := regexp.MustCompile(`(?m)^` + name + `=\S+$`).FindString(unit)
		if setting == "" || !strings.Contains(command, " -p "+setting+" ") {
			t.Errorf("the command does not run with the unit's %s (%s)", name, setting)
		}
	}
}

func TestImageAndArchivesAreBuiltFromWhatThereIs(t *testing.T) {
	t.Parallel()
	if !regexp.MustCompile(`(?m)^var version = `).MatchString(read(t, "../cmd/passerelle/main.go")) {
		t.Error("main has no version to set")
	}
	image := read(t, "Dockerfile")
	for _, line := range []string{"FROM scratch\n", "USER 65532:65532\n", "ca-certificates.crt", "-X main.version=${VERSION}", "./cmd/passerelle\n", "CGO_ENABLED=0", `CMD ["serve"]`} {
		if !strings.Contains(image, line) {
			t.Errorf("the Dockerfile lacks %q", line)
		}
	}
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "../go.mod"))
	if version == nil || !strings.Contains(image, "FROM golang:"+version[1]+" ") {
		t.Errorf("the Dockerfile does not build with Go %v", version)
	}
	var release struct {
		Builds []struct {
			Main    string
			Env     []string
			Ldflags []string
		}
		Archives []struct{ Files []string }
	}
	readYAML(t, "../.goreleaser.yaml", &release)
	if len(release.Builds) != 1 || len(release.Archives) != 1 {
		t.Fatalf("goreleaser makes %d builds and %d archives", len(release.Builds), len(release.Archives))
	}
	b := release.Builds[0]
	if b.Main != "./cmd/passerelle" || !strings.Contains(strings.Join(b.Ldflags, " "), "-X main.version=") || strings.Join(b.Env, "") != "CGO_ENABLED=0" {
		t.Errorf("goreleaser builds %+v", b)
	}
	if !slices.Contains(release.Archives[0].Files, "docs/dialects.md") {
		t.Error("the archive lacks docs/dialects.md, where the options are")
	}
	for _, pattern := range release.Archives[0].Files {
		if found, err := filepath.Glob(filepath.Join("..", pattern)); err != nil || len(found) == 0 {
			t.Errorf("the archive's %s is not there", pattern)
		}
	}
}
