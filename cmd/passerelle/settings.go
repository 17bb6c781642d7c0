package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/alecthomas/kong"
	"gopkg.in/yaml.v3"

	"github.com/passerelle-pay/passerelle/internal/app"
	"github.com/passerelle-pay/passerelle/internal/secret"
)

// yamlSettings reads passerelle.yaml: one `name: value` per flag, with dashes
// or underscores. Flags win over the environment, which wins over the file.
func yamlSettings(r io.Reader) (kong.Resolver, error) {
	values := map[string]any{}
	if err := yaml.NewDecoder(r).Decode(&values); err != nil && err != io.EOF {
		return nil, fmt.Errorf("read passerelle.yaml: %w", err)
	}
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		for _, env := range flag.Envs {
			if os.Getenv(env) != "" {
				return nil, nil
			}
		}
		for _, name := range []string{flag.Name, strings.ReplaceAll(flag.Name, "-", "_")} {
			if v, ok := values[name]; ok {
				return settingText(v), nil
			}
		}
		return nil, nil
	}), nil
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
	PublicURL   string `help:"Address in links, such as https://pay.example.com." env:"PASSERELLE_PUBLIC_URL" placeholder:"URL"`
}

// fill puts the settings into a configuration.
func (d database) fill(c *app.Config) error {
	c.DatabaseURL, c.PublicURL = d.DatabaseURL, strings.TrimRight(d.PublicURL, "/")
	c.Version = version
	if d.Keys == "" {
		return nil // Check names it, with whatever else is missing
	}
	keys, err := secret.ParseKeyring(d.Keys)
	if err != nil {
		return fmt.Errorf("PASSERELLE_KEYS: %w", err)
	}
	c.Keys = keys
	return nil
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
