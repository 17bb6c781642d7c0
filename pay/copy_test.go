package pay

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

// TestAnEventsCopyIsTheWholeTransaction: who has the transaction at hand and who
// reads an event's copy of it must tell the merchant the same.
func TestAnEventsCopyIsTheWholeTransaction(t *testing.T) {
	var was, read Transaction
	n := 0
	fill(t, reflect.ValueOf(&was).Elem(), &n)
	text, err := json.Marshal(was)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(read, was) {
		t.Errorf("the copy reads\n%+v\nof\n%+v", read, was)
	}
}

// fill gives every field a value of its own, so that none can stand for another.
func fill(t *testing.T, v reflect.Value, n *int) {
	*n++
	switch value := v.Addr().Interface().(type) {
	case *time.Time:
		*value = time.Unix(int64(*n), 0).UTC()
		return
	case json.Unmarshaler:
		t.Fatalf("%s reads itself: say here how to fill it", v.Type())
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(string(rune('a'+*n%26)) + time.Duration(*n).String())
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(t, v.Index(0), n)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(t, key, n)
		fill(t, value, n)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	default:
		t.Fatalf("no value for %s", v.Type())
	}
}
