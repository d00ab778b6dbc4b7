package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"testing"
)

// caller asks a page as a program does that keeps cookies.
type caller struct {
	t       *testing.T
	c       *http.Client
	address string
}

func client(t *testing.T, address string) *caller {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &caller{t, &http.Client{Jar: jar}, address}
}

func (c *caller) get(path string) (int, string) {
	c.t.Helper()
	res, err := c.c.Get(c.address + path)
	return c.answer(res, err)
}

func (c *caller) post(path string, pairs ...string) (int, string) {
	c.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	res, err := c.c.PostForm(c.address+path, form)
	return c.answer(res, err)
}

func (c *caller) answer(res *http.Response, err error) (int, string) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// stolen asks for files that are not evidence.
func (o *office) stolen(t *testing.T) {
	c := client(t, o.address)
	code, page := c.get("/runs/" + o.failed)
	if code != http.StatusOK {
		t.Fatal(code, page)
	}
	if code, _ = c.get("/runs/" + o.failed + "/evidence/evidence.html"); code != http.StatusOK {
		t.Errorf("the evidence is answered with %d", code)
	}
	secret := filepath.Join(o.dir, "secrets", "SHOP_KEY")
	folder := filepath.Join(o.w.evidence(), o.failed)
	o.must(os.Symlink(secret, filepath.Join(folder, "link.txt")))
	o.must(os.Symlink(filepath.Dir(secret), filepath.Join(folder, "folder")))
	o.must(os.WriteFile(filepath.Join(folder, "plain.bin"), []byte("x"), 0o600))
	for _, path := range []string{
		o.failed + "/evidence/link.txt", o.failed + "/evidence/folder/SHOP_KEY", o.failed + "/evidence/folder/SHOP_KEY.txt", o.failed + "/evidence/plain.bin",
		o.failed + "/evidence/..%2f..%2f..%2frestock.yaml", o.failed + "/evidence/../../../restock.yaml", "..%2f" + o.failed + "/evidence/evidence.html",
		"%2e%2e/evidence/audit.log", o.failed + "/evidence/%2e%2e%2f%2e%2e%2faudit.txt", o.failed + "/evidence//etc/hostname.txt", o.failed + "/evidence/", o.done + "/evidence/evidence.html",
		o.failed + "/evidence/evidence.html%00.png",
	} {
		if code, body := c.get("/runs/" + path); code == http.StatusOK {
			t.Errorf("%s is given out: %.80s", path, body)
		}
	}
}
