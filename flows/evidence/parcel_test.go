package evidence_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/flows/evidence"
)

// failed leaves a failure in the folder of a run.
func failed(t *testing.T, run, folder, site string) {
	t.Helper()
	dir := filepath.Join(run, folder)
	step := &bot.StepError{Class: bot.PageChanged, Site: site, Flow: "stock", Step: "read rows", Expected: "table " + site, Found: "none", Place: "sites/" + site + ".yaml:3:4"}
	if err := evidence.Save(dir, evidence.Record{At: time.Now(), Failure: step}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "screenshot.png"), []byte("picture of "+folder), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestPack: what two machines left of a run is one page on a third one; what is there already stays.
func TestPack(t *testing.T) {
	one, two, three := t.TempDir(), t.TempDir(), t.TempDir()
	failed(t, one, "01-ims-stock", "ims")
	failed(t, two, "01-crm-stock-worker-2", "crm")
	failed(t, two, "01-other-stock", "other")
	all := func(string) bool { return true }
	mine, err := evidence.Pack(one, all)
	if err != nil {
		t.Fatal(err)
	}
	workers, err := evidence.Pack(two, func(folder string) bool { return strings.HasSuffix(folder, "-worker-2") })
	if err != nil {
		t.Fatal(err)
	}
	failed(t, three, "01-ims-stock", "ims")
	if err := os.WriteFile(filepath.Join(three, "01-ims-stock", "screenshot.png"), []byte("here"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, packed := range [][]byte{mine, workers} {
		if err := evidence.Unpack(three, packed); err != nil {
			t.Fatal(err)
		}
	}
	views, err := evidence.Read(three)
	if err != nil || len(views) != 2 {
		t.Fatalf("%d failures, %v", len(views), err)
	}
	page, err := os.ReadFile(filepath.Join(three, evidence.FileName))
	if err != nil || !strings.Contains(string(page), "table crm") || !strings.Contains(string(page), "table ims") || strings.Contains(string(page), "table other") {
		t.Errorf("%v: %.200s", err, page)
	}
	for file, want := range map[string]string{"01-ims-stock": "here", "01-crm-stock-worker-2": "picture of 01-crm-stock-worker-2"} {
		if data, err := os.ReadFile(filepath.Join(three, file, "screenshot.png")); err != nil || string(data) != want {
			t.Errorf("%s: %q, %v", file, data, err)
		}
	}
	if nothing, err := evidence.Pack(filepath.Join(one, "missing"), all); nothing != nil || err != nil {
		t.Errorf("no folder: %d bytes, %v", len(nothing), err)
	}
}

// TestUnpackForeign: an archive that is none of ours writes nothing outside the folder of its run.
func TestUnpackForeign(t *testing.T) {
	for name, h := range map[string]tar.Header{
		"upwards":       {Name: "../out", Typeflag: tar.TypeReg, Size: 1},
		"absolute":      {Name: "/tmp/out", Typeflag: tar.TypeReg, Size: 1},
		"symbolic link": {Name: "a/link", Typeflag: tar.TypeSymlink, Linkname: "/etc"},
		"by a link":     {Name: "link/out", Typeflag: tar.TypeReg, Size: 1},
	} {
		t.Run(name, func(t *testing.T) {
			around := t.TempDir()
			dir := filepath.Join(around, "run")
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(around, filepath.Join(dir, "link")); err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			a := tar.NewWriter(z)
			if err := a.WriteHeader(&h); err != nil {
				t.Fatal(err)
			}
			if h.Size > 0 {
				_, _ = a.Write([]byte("x"))
			}
			_, _ = a.Close(), z.Close()
			if err := evidence.Unpack(dir, b.Bytes()); err == nil {
				t.Error("it was taken")
			}
			if _, err := os.Stat(filepath.Join(around, "out")); err == nil {
				t.Error("a file was written outside")
			}
		})
	}
	if err := evidence.Unpack(t.TempDir(), []byte("no archive")); err == nil {
		t.Error("no archive was taken")
	}
}
