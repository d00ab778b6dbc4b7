package browser

import (
	"archive/zip"
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// archive makes a zip with files of the given names.
func archive(t *testing.T, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		h.SetMode(0o755)
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(w, "#!/bin/sh\necho Chrome for Testing 156.0.1.2\n")
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestChromeForTesting installs from a server of our own: the hash decides, half an installation is none, and names that
// lead out of the folder are refused.
func TestChromeForTesting(t *testing.T) {
	name, err := platform()
	if err != nil {
		t.Fatal(err)
	}
	good := archive(t, "chrome-headless-shell-linux64/chrome-headless-shell", "chrome-headless-shell-linux64/locales/en.pak")
	for title, c := range map[string]struct {
		data []byte
		hash string
		want string
	}{
		"good":           {good, "md5=" + hash(good), ""},
		"two hashes":     {good, "crc32c=AAAA, md5=" + hash(good), ""},
		"wrong hash":     {good, "md5=" + hash([]byte("other")), "it is not used"},
		"no hash":        {good, "", "it is not used"},
		"no browser":     {archive(t, "readme.txt"), "md5=" + hash(archive(t, "readme.txt")), "holds no chrome-headless-shell"},
		"leads out":      {archive(t, "../../chrome-headless-shell"), "md5=" + hash(archive(t, "../../chrome-headless-shell")), "escapes"},
		"is no archive":  {[]byte("hello"), "md5=" + hash([]byte("hello")), "zip"},
		"other platform": {nil, "", "names no chrome-headless-shell"},
	} {
		t.Run(title, func(t *testing.T) {
			var server *httptest.Server
			server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/versions" {
					platform := name
					if c.data == nil {
						platform = "plan9"
					}
					fmt.Fprintf(w, `{"channels":{"Stable":{"version":"156.0.1.2","downloads":{"chrome-headless-shell":[{"platform":%q,"url":%q}]}}}}`, platform, server.URL+"/zip")
					return
				}
				if c.hash != "" {
					w.Header().Set("x-goog-hash", c.hash)
				}
				_, _ = w.Write(c.data)
			}))
			defer server.Close()
			var said bytes.Buffer
			cache := filepath.Join(t.TempDir(), "browsers")
			i := Installer{Say: &said, Versions: server.URL + "/versions", Cache: cache}
			err := i.chromeForTesting(t.Context())
			found := installedIn(cache)
			if c.want == "" {
				if err != nil || len(found) != 1 || !strings.Contains(said.String(), "SHA-256") {
					t.Fatalf("%v, %v, %s", err, found, said.String())
				}
				if got, err := probe(t.Context(), found[0]); err != nil || got.Version != "Chrome for Testing 156.0.1.2" {
					t.Errorf("%+v, %v", got, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || len(found) != 0 {
				t.Errorf("%v, %v: expected %q", err, found, c.want)
			}
			if left, _ := os.ReadDir(cache); len(left) != 0 {
				t.Errorf("it leaves %v", left)
			}
		})
	}
}

func hash(data []byte) string {
	sum := md5.Sum(data)
	return base64.StdEncoding.EncodeToString(sum[:])
}

func TestSnapStub(t *testing.T) {
	stub := filepath.Join(t.TempDir(), "chromium-browser")
	if err := os.WriteFile(stub, []byte("#!/bin/sh\nexec /snap/bin/chromium \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if !isSnapStub(stub) {
		t.Error("a program that starts a snap is taken for a browser")
	}
	if isSnapStub(browserPath(t)) {
		t.Error("a real browser is taken for a snap")
	}
	for release, want := range map[string]bool{"ID=debian\n": true, "NAME=x\nID=debian\n": true, "ID=ubuntu\nID_LIKE=debian\n": false, "ID=fedora\n": false} {
		if isDebian(release) != want {
			t.Errorf("%q: not %v", release, want)
		}
	}
}
