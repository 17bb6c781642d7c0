package main

import (
	"os/exec"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain puts the program itself, and what the scripts call it with, on the
// PATH of every test here.
func TestMain(m *testing.M) {
	commands := map[string]func(){"passerelle": main, "hits": hitsMain}
	if _, err := exec.LookPath("curl"); err != nil {
		commands["curl"] = curlMain // printed commands are run even where curl is missing
	}
	testscript.Main(m, commands)
}

// TestCommands runs the scripts in testdata, each a page of the manual.
func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata", RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PASSERELLE_KEYS", "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
			env.Setenv("PASSERELLE_DATABASE_URL", "")
			env.Setenv("PASSERELLE_PUBLIC_URL", "")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"start": startCommand, "term": termCommand},
	})
}
