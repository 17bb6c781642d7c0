package bench

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestGrowthMeasuresTheSameThingsAtEachSize(t *testing.T) {
	c := GrowthConfig{Config: quick(t, SQLite), Sizes: []int{400, 150}, Rounds: 2, Command: "bench"}
	r, err := RunGrowth(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Sizes) != 2 || r.Sizes[0].Payments != 150 || r.Sizes[1].Payments != 400 || r.Sizes[1].Bytes <= r.Sizes[0].Bytes {
		t.Fatalf("sizes: %+v", r.Sizes)
	}
	for i, m := range r.Sizes[0].Took {
		other := r.Sizes[1].Took[i]
		if m.Name != other.Name || m.P50 <= 0 || other.P50 <= 0 || m.P99 < m.P50 {
			t.Errorf("%+v and %+v", m, other)
		}
	}
	folder := t.TempDir()
	r.Sizes = r.Sizes[:1]
	for range 2 { // a run of the same sizes takes the place of the one before
		if err := WriteGrowth(folder, r); err != nil {
			t.Fatal(err)
		}
	}
	other := r
	other.Store = Postgres
	if err := WriteGrowth(folder, other); err != nil {
		t.Fatal(err)
	}
	reported(t, folder, r.Sizes[0].Took[0].Name)
}

// reported checks the files of two runs, each with a thing of a name.
func reported(t *testing.T, folder, name string) {
	t.Helper()
	content := map[string]string{}
	for _, file := range []string{"growth.json", "growth.md", "growth.svg"} {
		text, err := os.ReadFile(filepath.Join(folder, file))
		if err != nil {
			t.Fatal(err)
		}
		content[file] = string(text)
	}
	var all []GrowthResult
	if err := json.Unmarshal([]byte(content["growth.json"]), &all); err != nil || len(all) != 2 || all[0].Store != SQLite {
		t.Errorf("growth.json: %v, %+v", err, all)
	}
	if n := strings.Count(content["growth.md"], "| "+name+" |"); n != 2 {
		t.Errorf("growth.md has %d tables with %q", n, name)
	}
	decoder := xml.NewDecoder(strings.NewReader(content["growth.svg"]))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("growth.svg: %v", err)
		}
	}
}

func TestGrowthKeepsItsDatabasesToItself(t *testing.T) {
	c := GrowthConfig{Config: quick(t, SQLite), Sizes: []int{200}}
	c.DatabaseURL = filepath.Join(t.TempDir(), "payments.db")
	if _, err := RunGrowth(t.Context(), c); err == nil {
		t.Error("a database of somebody's own is filled")
	}
	c = GrowthConfig{Config: quick(t, SQLite), Sizes: []int{failedPayments - 1}}
	if _, err := RunGrowth(t.Context(), c); err == nil {
		t.Error("a size without room for the failed payments is measured")
	}
}
