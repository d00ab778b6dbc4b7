package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"restock/flows/browser"
	"restock/flows/flowtest"
	"restock/selectors"
)

// customer is somebody in front of a browser of their own, in the demo.
type customer struct {
	b     *browser.Browser
	p     *browser.Page
	email string
}

// personAgent is what the browser of a person says: clicks of one that calls itself headless count as a program's.
const personAgent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 Safari/537.36"

func newCustomer(ctx context.Context, found browser.Found, email string) (*customer, error) {
	b, err := browser.Launch(ctx, browser.Options{Path: found.Path, Agent: personAgent})
	if err != nil {
		return nil, err
	}
	p, err := b.NewPage(ctx, browser.PageOptions{})
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return &customer{b: b, p: p, email: email}, nil
}

func (c *customer) close() error { return c.b.Close() }

// does opens an address and does steps there; then the page must show a heading.
func (c *customer) does(ctx context.Context, address, heading string, steps ...selectors.Action) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := c.p.Open(ctx, address); err != nil {
		return err
	}
	for _, a := range steps {
		if _, err := c.p.Act(ctx, a); err != nil {
			return err
		}
	}
	sign := selectors.Condition{Visible: &selectors.Element{Alternatives: []selectors.Target{{Heading: heading}}}}
	for {
		seen, err := c.p.See(ctx, sign)
		if err == nil && seen[0] {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: the page never showed the heading %q", address, heading)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func field(id, text string) selectors.Action {
	return selectors.Action{Do: "fill", Text: text, Element: &selectors.Element{Alternatives: []selectors.Target{{CSS: "#" + id}}}}
}

func press(css string) selectors.Action {
	return selectors.Action{Do: "click", Element: &selectors.Element{Alternatives: []selectors.Target{{CSS: css}}}}
}

// signsUp fills in the form on the page of a product that is sold out.
func (c *customer) signsUp(ctx context.Context, product string) error {
	consent := selectors.Action{Do: "check", Element: &selectors.Element{Alternatives: []selectors.Target{{CSS: "#consent"}}}}
	return c.does(ctx, product, "Thank you.", field("email", c.email), field("name", "Ava Customer"), consent, press("form.tell button"))
}

// link finds the link to the product in the mail that the customer got.
func (c *customer) link(world *flowtest.World, public string) (string, error) {
	for _, letter := range world.Mail.Accepted() {
		if letter.To == c.email {
			text := strings.ReplaceAll(string(letter.Raw), "=\r\n", "")
			if _, token, ok := strings.Cut(text, public+"/r/p"); ok {
				end := strings.IndexFunc(token, func(r rune) bool { return r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
				return public + "/r/p" + token[:max(end, 0)], nil
			}
		}
	}
	return "", fmt.Errorf("no mail with a link has come to %s", c.email)
}

// buys follows the link and orders what is there.
func (c *customer) buys(ctx context.Context, link string) error {
	return c.does(ctx, link, "Thank you for your order", field("buyer", c.email), press("main form button"))
}
