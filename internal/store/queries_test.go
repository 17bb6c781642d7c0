package store_test

import (
	"context"
	"database/sql"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/passerelle-pay/passerelle/internal/store"
)

// sqlc checks queries against PostgreSQL's grammar only; this asks both engines.
func TestEveryGeneratedQueryPreparesOnBothEngines(t *testing.T) {
	queries := generatedQueries(t)
	for name, open := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			for name, query := range queries {
				// A closure each, as a failure ends it.
				err := s.Update(t.Context(), func(ctx context.Context, tx *store.Tx) error {
					stmt, err := tx.Raw().(preparer).PrepareContext(ctx, query)
					if err != nil {
						return err
					}
					defer stmt.Close()
					return nil
				})
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}

type preparer interface {
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// generatedQueries reads the SQL out of the source that sqlc wrote, where each
// query is a constant: nothing else lists them.
func generatedQueries(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("sqlgen/*.sql.go")
	if err != nil {
		t.Fatal(err)
	}
	queries := map[string]string{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range parsed.Decls {
			if d, ok := decl.(*ast.GenDecl); ok && d.Tok == token.CONST {
				addConstants(t, queries, d)
			}
		}
	}
	if len(queries) == 0 {
		t.Fatal("found no generated query")
	}
	return queries
}

func addConstants(t *testing.T, queries map[string]string, d *ast.GenDecl) {
	t.Helper()
	for _, spec := range d.Specs {
		v := spec.(*ast.ValueSpec)
		literal, ok := v.Values[0].(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			continue
		}
		text, err := strconv.Unquote(literal.Value)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(text, "-- name: ") {
			queries[v.Names[0].Name] = text
		}
	}
}
