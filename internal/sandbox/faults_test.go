package sandbox_test

import (
	"net/http"
	"testing"
)

func TestWhatCanNotBeArmedIsRefused(t *testing.T) {
	t.Parallel()
	w := build(t, ":memory:", "0")
	for body, code := range map[string]string{
		`{"provider":"nobody","fault":"answer_lost"}`: "invalid_request",
		`{`: "invalid_json",
	} {
		if status, kind, v := w.call(http.MethodPost, "/sandbox/v1/faults", body); status/100 != 4 || v["code"] != code || kind != "application/problem+json" {
			t.Errorf("%s answers %d %v", body, status, v)
		}
	}
	if status, _, v := w.call(http.MethodDelete, "/sandbox/v1/faults/flt_9", ""); status != http.StatusNotFound {
		t.Errorf("disarming nothing answers %d %v", status, v)
	}
	if status, _, v := w.call(http.MethodGet, "/sandbox/v1/faults", ""); status != http.StatusOK || v["armed"] == nil {
		t.Errorf("the list answers %d %v", status, v)
	}
}
