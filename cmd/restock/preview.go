package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"restock/bot"
	"restock/bot/notify"
	"restock/bot/notify/email"
	"restock/bot/notify/sms"
	"restock/flows/browser"
)

// preview is what `restock preview --json` prints.
type preview struct {
	Mail     string `json:"mail,omitempty"` // file
	Light    string `json:"light,omitempty"`
	Dark     string `json:"dark,omitempty"`
	Subject  string `json:"subject"`
	SMS      string `json:"sms"`
	Segments int    `json:"segments"`
	Unicode  bool   `json:"unicode"` // the text has a character that makes it dearer
}

func (a *app) previewCommand() *cobra.Command {
	var folder string
	n := bot.Notification{Key: "preview", Channel: bot.Email, Address: "customer@example.com", Restock: bot.Restock{Number: 1}}
	c := &cobra.Command{
		Use:   "preview",
		Short: "Write the messages as a customer would get them, and send nothing",
		Long: "Write the messages as a customer would get them, and send nothing: the mail as a file that any mail program opens and as\n" +
			"pictures in light and dark, and the text message with the number of segments that it is billed as.",
		Args: cobra.NoArgs,
	}
	f := c.Flags()
	f.StringVar(&folder, "dir", "preview", "Folder to write into")
	f.StringVar(&n.Restock.SKU, "sku", "SKU-1", "The product's code")
	f.StringVar(&n.Restock.Name, "name", "Folding tent", "Its name")
	f.StringVar(&n.Restock.Variant, "variant", "", "Its size, colour, …")
	f.StringVar(&n.Restock.Price, "price", "", "Its price")
	f.StringVar(&n.Restock.Picture, "picture", "", "Address of a picture")
	f.StringVar(&n.Subscription.Customer, "customer", "Alex Sample", "The customer's name")
	f.StringVar(&n.Subscription.Language, "language", "", "The customer's language")
	c.RunE = a.withState(func(c *cobra.Command, w *workshop, _ []string) error {
		return a.preview(c.Context(), w, n, folder)
	})
	return a.jsonFlag(c)
}

func (a *app) preview(ctx context.Context, w *workshop, n bot.Notification, folder string) error {
	n.Key = bot.Key("preview", n.Restock.SKU, 1, "preview") // its link is as long as a real one
	render, err := notify.Renderer(w.shop())
	if err != nil {
		return err
	}
	m, err := render(n)
	if err != nil {
		return err
	}
	p := preview{Subject: m.Subject, SMS: sms.Plain(m.SMS)}
	p.Segments, p.Unicode = sms.Segments(p.SMS)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	if smtp := w.config.SMTP; smtp != nil {
		sender, err := w.mailer(smtp, render)
		if err != nil {
			return err
		}
		raw, err := sender.(*email.Sender).Compose(n)
		if err != nil {
			return err
		}
		p.Mail = filepath.Join(folder, "mail.eml")
		if err := os.WriteFile(p.Mail, raw, 0o600); err != nil {
			return err
		}
	}
	if err := a.pictures(ctx, w, m.HTML, folder, &p); err != nil {
		return err
	}
	if a.json {
		return a.printJSON(p)
	}
	a.print("subject: %s", p.Subject)
	for _, file := range []string{p.Mail, p.Light, p.Dark} {
		if file != "" {
			a.print("  %s", file)
		}
	}
	kind := ""
	if p.Unicode {
		kind = ", with a character that makes it dearer"
	}
	a.print("SMS, %d segment(s)%s: %s", p.Segments, kind, p.SMS)
	return nil
}

// pictures shows the mail to a browser that talks to nobody else than us and whoever has the picture of the product.
func (a *app) pictures(ctx context.Context, w *workshop, html, folder string, p *preview) (err error) {
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(rw, html)
	}))
	defer server.Close()
	found, err := (browser.Installer{Say: a.stderr}).Ensure(ctx, w.config.Browser.Path)
	if err != nil {
		return err
	}
	b, err := browser.Launch(ctx, browser.Options{Path: found.Path, Width: 640, Height: 800})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	page, err := b.NewPage(ctx, browser.PageOptions{})
	if err != nil {
		return err
	}
	if err := page.Open(ctx, server.URL); err != nil {
		return err
	}
	for dark, into := range map[bool]*string{false: &p.Light, true: &p.Dark} {
		data, err := page.Shot(ctx, dark)
		if err != nil {
			return err
		}
		*into = filepath.Join(folder, map[bool]string{false: "light.png", true: "dark.png"}[dark])
		if err := os.WriteFile(*into, data, 0o600); err != nil {
			return err
		}
	}
	return page.Close()
}
