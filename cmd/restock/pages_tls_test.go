package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"restock/bot/web/admin"
)

// TestAdminTLS: the page as other machines reach it: with a certificate, users of the file whose passwords are kept as hashes among the
// secrets, and a cookie that no script and no foreign site gets.
func TestAdminTLS(t *testing.T) {
	t.Parallel()
	o := newOffice(t, `, tls: {cert: admin.crt, key: admin.key}, users: [{name: kim, role: operator, password: "${secret:ADMIN_KIM}"}], metrics: "${secret:METRICS}"`)
	roots := x509.NewCertPool()
	data, err := os.ReadFile(filepath.Join(o.dir, "admin.crt"))
	o.must(err)
	roots.AppendCertsFromPEM(data)
	c := client(t, strings.Replace(o.address, "http:", "https:", 1))
	c.c.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	if _, page := c.get("/runs"); !strings.Contains(page, `action="/login"`) {
		t.Errorf("a stranger gets %.300s", page)
	}
	if code, _ := c.post("/login", "user", "kim", "password", "wrong password"); code != http.StatusUnauthorized {
		t.Errorf("a wrong password is answered with %d", code)
	}
	if code, page := c.post("/login", "user", "kim", "password", kimPassword); code != http.StatusOK || !strings.Contains(page, "kim (operator)") {
		t.Errorf("%d %.300s", code, page)
	}
	at, err := url.Parse(c.address)
	o.must(err)
	if cookies := c.c.Jar.Cookies(at); len(cookies) != 1 || cookies[0].Name != "__Host-restock" {
		t.Errorf("%v", cookies)
	}
	if _, page := c.get("/"); !strings.Contains(page, "Run now") || strings.Contains(page, kimPassword) {
		t.Errorf("%.300s", page)
	}
	if code, _ := c.post("/logout"); code != http.StatusOK {
		t.Errorf("logging out is answered with %d", code)
	}
	if _, page := c.get("/runs"); !strings.Contains(page, `action="/login"`) {
		t.Error("after logging out, the page is still there")
	}
	if _, err := http.Get(o.address + "/runs"); err == nil {
		if res, err := http.Get(o.address + "/runs"); err != nil || res.StatusCode != http.StatusBadRequest {
			t.Errorf("without TLS: %v, %v", res, err)
		}
	}
}

const kimPassword = "a long password of kim"

// certify makes a certificate of a folder, and the secrets of its user.
func (s *shop) certify() {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	s.must(err)
	now := time.Now()
	template := x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "restock"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	cert, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	s.must(err)
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	s.must(err)
	for name, data := range map[string][]byte{
		"admin.crt": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), "admin.key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}),
		"secrets/ADMIN_KIM": []byte(admin.HashPassword(kimPassword)), "secrets/METRICS": []byte("a token"),
	} {
		s.must(os.WriteFile(filepath.Join(s.dir, name), data, 0o600))
	}
}

// TestPaused: a job that was paused on the page is not run by its schedule, and is again when it was resumed.
func TestPaused(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	c := client(t, o.address)
	count := func() int {
		runs, err := o.w.ledger.History(t.Context(), "restock", 100)
		o.must(err)
		return len(runs)
	}
	before := count()
	if _, page := c.post("/jobs/restock/pause", "csrf", "local", "paused", "true"); !strings.Contains(page, "is paused") {
		t.Errorf("%.300s", page)
	}
	o.must(o.board.tick(t.Context(), "restock", time.Now()))
	if count() != before || !strings.Contains(o.out.String(), "skipped, because it is paused") {
		t.Errorf("a paused job was run: %s", &o.out)
	}
	if _, page := c.get("/"); !strings.Contains(page, "paused") {
		t.Error("the overview does not say that the job is paused")
	}
	c.post("/jobs/restock/pause", "csrf", "local", "paused", "false")
	o.must(o.board.tick(t.Context(), "restock", time.Now()))
	if count() != before+1 {
		t.Error("a resumed job was not run")
	}
}
