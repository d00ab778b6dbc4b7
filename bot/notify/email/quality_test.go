package email_test

import (
	"bytes"
	"os/exec"
	"regexp"
	"strconv"
	"testing"

	"restock/bot"
	"restock/bot/notify"
	"restock/bot/notify/notifytest"
)

// TestQuality: the HTML is valid, and a spam filter finds little to say, where the tools are installed (tidy, SpamAssassin).
func TestQuality(t *testing.T) {
	n := notification(0)
	n.Subscription.Customer, n.Restock.Variant, n.Restock.Price, n.Restock.Picture = "Zoë", "green", "$199.00", "https://shop.example/tent.png"
	render, err := notify.Renderer(notify.Shop{Name: "Austral Outdoors", Product: "https://shop.example/products/{sku}", Contact: "1 Example St, Sydney", Unsubscribe: "mailto:leave@shop.example"})
	if err != nil {
		t.Fatal(err)
	}
	m, err := render(n)
	if err != nil {
		t.Fatal(err)
	}
	if path, err := exec.LookPath("tidy"); err == nil {
		cmd := exec.Command(path, "-quiet", "-errors", "--show-warnings", "yes")
		cmd.Stdin = bytes.NewReader([]byte(m.HTML))
		if out, _ := cmd.CombinedOutput(); len(bytes.TrimSpace(out)) > 0 {
			t.Errorf("tidy: %s", out)
		}
	} else {
		t.Log("tidy is not installed")
	}
	path, err := exec.LookPath("spamassassin")
	if err != nil {
		t.Log("SpamAssassin is not installed")
		return
	}
	private, _ := signingKey(t, "rsa")
	for picture, most := range map[string]float64{"": 1, n.Restock.Picture: 2.5} { // pictures beside few words cost points; 5 are spam
		w := world(t)
		s := signer(t, w.Mail.Addr(), private)
		n.Restock.Picture = picture
		if d := notifytest.Send(t.Context(), t, s, n, func() error { return nil }); d.State != bot.Accepted {
			t.Fatalf("%+v", d)
		}
		cmd := exec.Command(path, "-L", "-t") // local tests only
		cmd.Stdin = bytes.NewReader(w.Mail.Accepted()[0].Raw)
		out, err := cmd.Output()
		found := regexp.MustCompile(`Content analysis details:\s+\((-?[\d.]+) points`).FindSubmatch(out)
		if err != nil || found == nil {
			t.Fatalf("SpamAssassin: %v %s", err, out)
		}
		if score, err := strconv.ParseFloat(string(found[1]), 64); err != nil || score > most {
			t.Errorf("with picture %q SpamAssassin gives %s: %s", picture, found[1], out[max(0, len(out)-1200):])
		} else {
			t.Logf("with picture %q SpamAssassin gives %s", picture, found[1])
		}
	}
}
