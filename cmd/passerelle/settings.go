package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"gopkg.in/yaml.v3"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/internal/secret"
)

// settingsFile is passerelle.yaml: one `name: value` per flag, with dashes or
// underscores. Flags win over the environment, which wins over the file.
type settingsFile map[string]any

func yamlSettings(r io.Reader) (kong.Resolver, error) {
	values := settingsFile{}
	if err := yaml.NewDecoder(r).Decode(&values); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	return values, nil
}

// Validate implements kong.Resolver: a misspelt setting must not pass for one
// that was left out.
func (s settingsFile) Validate(program *kong.Application) error {
	known := map[string]bool{}
	_ = kong.Visit(program, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok {
			known[flag.Name] = true
		}
		return next(nil)
	}) // fails only if the function does
	for _, name := range slices.Sorted(maps.Keys(s)) {
		if !known[strings.ReplaceAll(name, "_", "-")] {
			return fmt.Errorf("the settings file has %q, which is no setting", name)
		}
	}
	return nil
}

// Resolve implements kong.Resolver.
func (s settingsFile) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, env := range flag.Envs {
		if os.Getenv(env) != "" {
			return nil, nil
		}
	}
	for _, name := range []string{flag.Name, strings.ReplaceAll(flag.Name, "-", "_")} {
		if value, ok := s[name]; ok {
			return settingText(value), nil
		}
	}
	return nil, nil
}

// settingText joins a YAML list as the flags take lists.
func settingText(v any) string {
	list, ok := v.([]any)
	if !ok {
		return fmt.Sprint(v)
	}
	parts := make([]string, len(list))
	for i, item := range list {
		parts[i] = fmt.Sprint(item)
	}
	return strings.Join(parts, ",")
}

// database is what every command on a production database needs.
type database struct {
	DatabaseURL string `help:"SQLite path, or postgres://user@host/db." env:"PASSERELLE_DATABASE_URL" placeholder:"URL"`
	Keys        string `help:"Keys that seal credentials, primary first: id:base64[,id:base64]." env:"PASSERELLE_KEYS" placeholder:"KEYS"`
	KeysFile    string `help:"File with the keys, one a line, readable by its owner alone; instead of PASSERELLE_KEYS." env:"PASSERELLE_KEYS_FILE" placeholder:"FILE"`
	PublicURL   string `help:"Address in links, such as https://pay.example.com." env:"PASSERELLE_PUBLIC_URL" placeholder:"URL"`

	AllowNetworks string `help:"Networks beyond the public ones that may be called." env:"PASSERELLE_ALLOW_NETWORKS" placeholder:"CIDRS"`
}

func (d database) networks() ([]netip.Prefix, error) {
	return app.ParseNetworks("PASSERELLE_ALLOW_NETWORKS", d.AllowNetworks)
}

// fill puts the settings into a configuration, whose Check judges them.
func (d database) fill(c *app.Config) {
	c.DatabaseURL, c.PublicURL = d.DatabaseURL, strings.TrimRight(d.PublicURL, "/")
	c.Version = version
	if d.Keys == "" && d.KeysFile == "" {
		return // Check names it, with whatever else is missing
	}
	c.Keys, c.KeysProblem = d.keyring()
}

// keyring reads the keys from where they are.
func (d database) keyring() (secret.Box, error) {
	switch {
	case d.Keys != "" && d.KeysFile != "":
		return secret.Box{}, errors.New("PASSERELLE_KEYS and PASSERELLE_KEYS_FILE are both set, and one of them is meant")
	case d.KeysFile != "":
		box, err := secret.LoadKeyring(d.KeysFile)
		if err != nil {
			return box, fmt.Errorf("PASSERELLE_KEYS_FILE: %w", err)
		}
		return box, nil
	case d.Keys != "":
		box, err := secret.ParseKeyring(d.Keys)
		if err != nil {
			return box, fmt.Errorf("PASSERELLE_KEYS: %w", err)
		}
		return box, nil
	}
	return secret.Box{}, errors.New("PASSERELLE_KEYS or PASSERELLE_KEYS_FILE is missing: the keys that seal credentials")
}

// logger writes text for people or JSON for machines to standard error.
func logger(format, level string) *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelInfo}
	switch level {
	case "debug":
		options.Level = slog.LevelDebug
	case "warn":
		options.Level = slog.LevelWarn
	case "error":
		options.Level = slog.LevelError
	}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, options))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, options))
}
