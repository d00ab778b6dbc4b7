package jetstream_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"restock/state/jetstream"
	"restock/state/natstest"
)

// TestFiles: what one machine keeps another one reads; a file that is kept again replaces the former, and beyond the limit the oldest go.
func TestFiles(t *testing.T) {
	c := natstest.Start(t, 3, false)
	one, two := open(t, c, "files"), again(t, c, "files")
	if names, err := two.Files(t.Context(), ""); err != nil || len(names) > 0 {
		t.Fatalf("%v, %v", names, err)
	}
	keep := jetstream.Keep{Age: time.Hour, Size: 1 << 20}
	large := bytes.Repeat([]byte("x"), 400<<10)
	for _, name := range []string{"a/run", "a/-worker-2", "b/run"} {
		if err := one.PutFile(t.Context(), name, append([]byte(name), large...), keep); err != nil {
			t.Fatal(err)
		}
	}
	names, err := two.Files(t.Context(), "")
	if err != nil || !slices.Equal(names, []string{"a/-worker-2", "b/run"}) {
		t.Errorf("the oldest does not fit any more: %v, %v", names, err)
	}
	if data, err := two.File(t.Context(), "b/run"); err != nil || !bytes.Equal(data, append([]byte("b/run"), large...)) {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	if err := one.PutFile(t.Context(), "b/run", []byte("new"), keep); err != nil {
		t.Fatal(err)
	}
	if data, err := two.File(t.Context(), "b/run"); err != nil || string(data) != "new" {
		t.Errorf("%q, %v", data, err)
	}
	if names, err := two.Files(t.Context(), "b/"); err != nil || len(names) != 1 {
		t.Errorf("%v, %v", names, err)
	}
	if _, err := two.File(t.Context(), "none"); err == nil {
		t.Error("a file that nobody kept was read")
	}
}
