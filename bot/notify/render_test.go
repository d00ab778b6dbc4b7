package notify

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"restock/bot"
)

func restocked() bot.Notification {
	return bot.Notification{
		Key: "k", Address: "bob@example.com", Restock: bot.Restock{SKU: "T-1", Name: "Tent", Variant: "green", Price: "$199.00", Picture: "https://shop.example/tent.png"},
		Subscription: bot.Subscription{Customer: "Zoë"},
	}
}

// TestMissing: whatever may be missing is, one by one and all at once; nothing of the template is left, and nothing reads undefined.
func TestMissing(t *testing.T) {
	full := Shop{Name: "Shop", Product: "https://shop.example/p/{sku}", Contact: "1 Street", Unsubscribe: "mailto:leave@shop.example"}
	for name, change := range map[string]func(*Shop, *bot.Notification){
		"nothing":     func(*Shop, *bot.Notification) {},
		"name":        func(_ *Shop, n *bot.Notification) { n.Restock.Name = "" },
		"variant":     func(_ *Shop, n *bot.Notification) { n.Restock.Variant = "" },
		"price":       func(_ *Shop, n *bot.Notification) { n.Restock.Price = "" },
		"picture":     func(_ *Shop, n *bot.Notification) { n.Restock.Picture = "" },
		"bad picture": func(_ *Shop, n *bot.Notification) { n.Restock.Picture = "javascript:alert(1)" },
		"customer":    func(_ *Shop, n *bot.Notification) { n.Subscription.Customer = "" },
		"shop":        func(s *Shop, _ *bot.Notification) { s.Name, s.Contact, s.Unsubscribe = "", "", "" },
		"all": func(s *Shop, n *bot.Notification) {
			*s = Shop{Product: s.Product}
			n.Restock, n.Subscription = bot.Restock{SKU: "T-1"}, bot.Subscription{}
		},
	} {
		shop, n := full, restocked()
		change(&shop, &n)
		render, err := Renderer(shop)
		if err != nil {
			t.Fatal(err)
		}
		m, err := render(n)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for part, text := range map[string]string{"subject": m.Subject, "text": m.Text, "HTML": m.HTML, "SMS": m.SMS} {
			for _, bad := range []string{"{{", "<no value>", "undefined", " ,", " .", "  is", "javascript:", "ZgotmplZ", `src=""`, `href=""`} {
				if strings.Contains(text, bad) {
					t.Errorf("%s: %s holds %q: %s", name, part, bad, text)
				}
			}
			if part != "subject" && !strings.Contains(text, "https://shop.example/p/T-1") {
				t.Errorf("%s: %s has no link", name, part)
			}
		}
	}
	if _, err := Renderer(Shop{}); err != nil {
		t.Fatal(err)
	}
	render, _ := Renderer(Shop{})
	if _, err := render(restocked()); err == nil {
		t.Error("a product without a link was written")
	}
}

// TestTexts: texts of one's own by language, with ours where there are none; mistakes are found when they are read.
func TestTexts(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("fr/subject.txt", "{{.Product}} est de retour\n")
	put("fr/sms.txt", "{{.Product}}: {{.Link}} Stop: {{.Unsubscribe}}")
	put("subject.txt", "Good news: {{.Product}}")
	shop := Shop{Name: "Shop", Product: "https://shop.example/p/{sku}", Templates: dir, Leave: func(bot.Notification) string { return "https://leave.example/u/x" }}
	render, err := Renderer(shop)
	if err != nil {
		t.Fatal(err)
	}
	for language, want := range map[string]string{"": "Good news: Tent", "en": "Good news: Tent", "fr": "Tent est de retour", "fr-CA": "Tent est de retour", "FR_ca": "Tent est de retour", "../x": "Good news: Tent"} {
		n := restocked()
		n.Subscription.Language = language
		m, err := render(n)
		if err != nil || m.Subject != want || m.Unsubscribe != "https://leave.example/u/x" || !strings.Contains(m.HTML, "https://leave.example/u/x") {
			t.Errorf("%q: %q, %v", language, m.Subject, err)
		}
	}
	for name, text := range map[string]string{
		"subject.txt": "two\nlines", "mail.txt": "no link", "fr/mail.html": "{{.Nothing}}", "fr/sms.txt": "{{", "other.txt": "x",
	} {
		before, _ := os.ReadFile(filepath.Join(dir, name))
		put(name, text)
		if _, err := Renderer(shop); err == nil || !strings.Contains(err.Error(), filepath.Base(name)) {
			t.Errorf("%s with %q: %v", name, text, err)
		}
		if before == nil {
			_ = os.Remove(filepath.Join(dir, name))
		} else {
			put(name, string(before))
		}
	}
}
