package provider_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/passerelle-pay/passerelle/provider"
)

func FuzzLenientJSONChangesNothingThatIsValid(f *testing.F) {
	for _, seed := range []string{`{"a":1,}`, `{"a":"x,}","b":[1,2,],}`, `[,]`, `{"a":"\",}"}`, `{"a":1,"a":2}`, "{\"\u0000\":1}", `{"a":1e999}`, "[[[[", `"\ud800"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		lenient := provider.WithoutTrailingCommas(body)
		_ = provider.CheckJSON(lenient)
		var before, after any
		if json.Unmarshal(body, &before) != nil {
			return
		}
		if err := json.Unmarshal(lenient, &after); err != nil || !reflect.DeepEqual(before, after) {
			t.Errorf("%q became %q: %v", body, lenient, err)
		}
	})
}
