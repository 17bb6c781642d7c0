package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain puts the program itself, and what the scripts call it with, on the
// PATH of every test here.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"passerelle": main, "hits": hitsMain,
		// Printed commands are run by a curl of our own, so that they run where
		// curl is missing. It stands here always: a command that is registered on
		// some condition would run every test again where the condition differs.
		"curl": curlMain,
	})
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
