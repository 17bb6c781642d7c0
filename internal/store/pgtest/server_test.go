package pgtest

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// holderEnv makes this test binary play a process that holds a server.
const holderEnv = "PASSERELLE_PGTEST_HOLDER"

func TestMain(m *testing.M) {
	if os.Getenv(holderEnv) != "" {
		hold()
	}
	os.Exit(m.Run())
}

// hold starts a server, prints its folder, and stays until it is killed.
func hold() {
	s, err := shared()
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println(s.dir)
	select {}
}

func TestAKilledTestBinaryLeavesNoServerAndNoFolder(t *testing.T) {
	holder := exec.Command(os.Args[0])
	holder.Env = append(os.Environ(), holderEnv+"=1")
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	dir, err := bufio.NewReader(out).ReadString('\n')
	dir = strings.TrimSpace(dir)
	if err != nil || !filepath.IsAbs(dir) {
		t.Fatalf("the holder said %q: %v", dir, err)
	}
	pid := postmaster(t, dir)

	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	holder.Wait()

	eventually(t, "the server ends", func() bool {
		return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
	})
	eventually(t, "its folder goes", func() bool {
		_, err := os.Stat(dir)
		return errors.Is(err, os.ErrNotExist)
	})
}

func TestStopEndsTheServerAndRemovesItsFolder(t *testing.T) {
	s := Dedicated(t, Options{})
	pid := postmaster(t, s.dir)
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the server with process id %d is still there: %v", pid, err)
	}
	if _, err := os.Stat(s.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its folder is still there: %v", err)
	}
	if err := s.Stop(); err != nil {
		t.Errorf("a second stop: %v", err)
	}
}

func TestMissingPostgreSQLIsAnErrorThatNamesTheCommand(t *testing.T) {
	nowhere := func(string) (string, error) { return "", exec.ErrNotFound }
	_, err := findBins(filepath.Join(t.TempDir(), "*", "bin"), nowhere)
	if err == nil || !strings.Contains(err.Error(), "apt-get install -y postgresql") {
		t.Errorf("got %v, want the command that installs PostgreSQL", err)
	}
}

func TestTheNewestInstalledVersionIsUsed(t *testing.T) {
	root := t.TempDir()
	for _, version := range []string{"9", "15", "17"} {
		bin := filepath.Join(root, version, "bin")
		if err := os.MkdirAll(bin, 0o755); err != nil {
			t.Fatal(err)
		}
		names := []string{"initdb", "postgres"}
		if version == "17" {
			names = []string{"initdb"} // half removed: not usable
		}
		for _, name := range names {
			if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"), 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	got, err := findBins(filepath.Join(root, "*", "bin"), exec.LookPath)
	if want := filepath.Join(root, "15", "bin"); err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

func postmaster(t *testing.T, dir string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// eventually polls what another process does, which no clock of ours drives.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		if done() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("waited in vain: %s", what)
}
