package email_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/bot/notify/notifytest"
	"restock/flows/flowtest"
	"restock/state/freeport"
)

// postfix starts a real Postfix on loopback that knows no nobody@example.com, greylists grey@example.com, and hands everything else
// to our sink.
func postfix(t *testing.T, sink string) (address string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "restock-postfix-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	_, port, _ := net.SplitHostPort(freeport.Address(t))
	_, sinkPort, _ := net.SplitHostPort(sink)
	main, master := postfixFiles(dir, port, sinkPort, greylist(t))
	for name, text := range map[string]string{"main.cf": main, "master.cf": master} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil { //nolint:gosec // Postfix's own users read it
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // the same
		t.Fatal(err)
	}
	for _, sub := range []string{"queue", "data"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil { //nolint:gosec // the same
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("chown", "postfix", filepath.Join(dir, "data")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	_ = exec.Command("postfix", "-c", dir, "check").Run() // makes the folders of the queue
	cmd := exec.Command("/usr/lib/postfix/sbin/master", "-c", dir, "-d")
	cmd.Env = append(os.Environ(), "MAIL_CONFIG="+dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = exec.Command("postfix", "-c", dir, "abort").Run()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	address = "127.0.0.1:" + port
	for range 100 {
		if conn, err := net.DialTimeout("tcp", address, time.Second); err == nil {
			_ = conn.Close()
			return address
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("Postfix does not answer")
	return ""
}

func postfixFiles(dir, port, sinkPort, policyPort string) (main, master string) {
	main = fmt.Sprintf(`compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s/data
maillog_file = /dev/stdout
maillog_file_prefixes = /dev/stdout
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.example
mydestination =
mynetworks = 127.0.0.0/8
relay_domains = example.com
default_transport = smtp:[127.0.0.1]:%[2]s
relay_transport = smtp:[127.0.0.1]:%[2]s
smtp_host_lookup = native
smtp_tls_security_level = none
smtpd_recipient_restrictions = check_recipient_access inline:{ { nobody@example.com = 550 5.1.1 no such user } }, check_policy_service inet:127.0.0.1:%[3]s, permit_mynetworks, reject
`, dir, sinkPort, policyPort)
	master = fmt.Sprintf(`127.0.0.1:%s inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`, port)
	return main, master
}

// greylist is a policy server: grey@example.com is told to come back once.
func greylist(t *testing.T) (port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	seen := make(chan bool, 1)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				grey := false
				for r := bufio.NewScanner(conn); r.Scan(); {
					switch line := r.Text(); {
					case line == "recipient=grey@example.com":
						grey = true
					case line == "" && grey && len(seen) == 0:
						seen <- true
						fmt.Fprint(conn, "action=450 4.2.0 greylisted, come back\n\n")
					case line == "":
						fmt.Fprint(conn, "action=dunno\n\n")
						grey = false
					}
				}
			}()
		}
	}()
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port
}

// TestPostfix: against a real Postfix, what is reported is what arrives: signed, once, and only to those who exist. It runs where
// Postfix is installed.
func TestPostfix(t *testing.T) {
	if _, err := exec.LookPath("postfix"); err != nil || os.Getuid() != 0 {
		t.Log("Postfix is not installed, or this is not root: the in-process server stands for it in the other tests")
		return
	}
	w, err := flowtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	private, record := signingKey(t, "rsa")
	s := signer(t, postfix(t, w.Mail.Addr()), private)
	addresses := []string{"first@example.com", "nobody@example.com", "grey@example.com"}
	for i := range 60 {
		addresses = append(addresses, fmt.Sprintf("c%d@example.com", i))
	}
	var batch []bot.Notification
	for i, a := range addresses {
		n := notification(i)
		n.Address = a
		batch = append(batch, n)
	}
	desk := &notifytest.Desk{}
	s.Send(t.Context(), batch, desk)
	for i, n := range batch {
		d := desk.Said[n.Key]
		want := bot.Accepted
		switch addresses[i] {
		case "nobody@example.com":
			want = bot.Failed
		case "grey@example.com":
			want = bot.Retry
		}
		if d.State != want || want == bot.Accepted && !strings.Contains(d.Detail, "queued as") || want == bot.Failed && d.Reason != bot.DeadAddress {
			t.Errorf("%s: %+v", addresses[i], d)
		}
	}
	if d := notifytest.Send(t.Context(), t, s, batch[2], func() error { return nil }); d.State != bot.Accepted {
		t.Errorf("greylisted, the second time: %+v", d)
	}
	for range 200 {
		if len(w.Mail.Accepted()) >= len(batch)-1 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	got := map[string]int{}
	for _, l := range w.Mail.Accepted() {
		got[l.To]++
		verified(t, l.Raw, record)
	}
	for _, a := range addresses {
		if want := 1; a == "nobody@example.com" && got[a] != 0 || a != "nobody@example.com" && got[a] != want {
			t.Errorf("%s got %d", a, got[a])
		}
	}
}
