package notify

import (
	"bytes"
	"embed"
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"

	"restock/bot"
)

//go:embed confirm/*
var confirmFiles embed.FS

// confirmFacts are what a confirmation says.
type confirmFacts struct {
	Shop, Contact, Product, Customer, Link string
}

// Confirmation writes the message by which a customer confirms a sign-up. It advertises nothing.
func Confirmation(shop Shop, n bot.Notification, link string) (m bot.Message, err error) {
	f := confirmFacts{
		Shop: oneLine(shop.Name), Contact: oneLine(shop.Contact), Product: oneLine(n.Restock.Name), Customer: oneLine(n.Subscription.Customer), Link: link,
	}
	if f.Product == "" {
		f.Product = oneLine(n.Restock.SKU)
	}
	texts, err := texttemplate.ParseFS(confirmFiles, "confirm/*.txt")
	if err != nil {
		return m, err
	}
	var b bytes.Buffer
	for _, part := range []struct {
		name string
		into *string
	}{{"subject.txt", &m.Subject}, {"mail.txt", &m.Text}, {"sms.txt", &m.SMS}} {
		b.Reset()
		if err := texts.ExecuteTemplate(&b, part.name, f); err != nil {
			return m, err
		}
		*part.into = strings.TrimSpace(b.String())
	}
	page, err := htmltemplate.ParseFS(confirmFiles, "confirm/mail.html")
	if err != nil {
		return m, err
	}
	b.Reset()
	err = page.ExecuteTemplate(&b, "mail.html", f)
	m.HTML = b.String()
	return m, err
}
