package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"restock/bot/config"
	"restock/bot/report"
	"restock/bot/web/admin"
	"restock/bot/web/signin"
	"restock/flows/evidence"
)

// administer opens the operators' page, if the file has one; serve answers on it until the context ends.
func (w *workshop) administer(ctx context.Context, b *board) (serve func(), err error) {
	c := w.config.Admin
	if c == nil {
		return nil, nil
	}
	access := &admin.Access{Secure: encrypted(c), Now: w.a.now, Audit: filepath.Join(w.config.Path(w.config.Data), "audit.log")}
	for _, u := range c.Users {
		hash, err := u.Password.Expand(w.values())
		if err == nil {
			err = admin.CheckHash(hash)
		}
		if err != nil {
			return nil, configError(u.String(), "admin: user "+u.Name, err)
		}
		role, _ := admin.ParseRole(u.Role) // checked with the file
		access.Accounts = append(access.Accounts, admin.Account{Name: u.Name, Role: role, Password: w.password(u, hash)})
	}
	if o := c.OIDC; o != nil {
		secret, err := o.Secret.Expand(w.values())
		if err != nil {
			return nil, configError(o.String(), "admin: oidc", err)
		}
		access.Provider = &signin.Provider{
			Issuer: o.Issuer, Client: o.Client, Secret: secret, Callback: strings.TrimSuffix(o.URL, "/") + admin.CallbackPath, Claim: o.Claim, Roles: o.Roles,
		}
	}
	if !c.Metrics.Empty() {
		if access.Token, err = c.Metrics.Expand(w.values()); err != nil {
			return nil, configError(c.String(), "admin: metrics", err)
		}
	}
	number, _ := version()
	page := &admin.Admin{
		Ledger: w.ledger, Control: b, Access: access, Evidence: w.evidence(), Zone: w.config.Location, Shop: w.config.Shop.Name, Version: number,
		Now: w.a.now, Log: w.a.log(), Phone: w.phone, Failures: w.failures, Bring: w.bringEvidence, Lab: &workbench{w: w, board: b},
		Report: func(ctx context.Context, from, to time.Time, per string) (report.Report, error) {
			o := w.reportOn(per, "")
			o.From, o.To = from, to
			return report.Build(ctx, w.ledger, o)
		},
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return nil, configError(c.String(), "admin", err)
	}
	scheme := "http"
	if c.TLS != nil {
		pair, err := tls.LoadX509KeyPair(c.TLS.Cert, c.TLS.Key)
		if err != nil {
			return nil, errors.Join(configError(c.TLS.String(), "admin: tls", err), l.Close())
		}
		l, scheme = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}), "https"
	}
	w.a.say("operators: %s://%s", scheme, l.Addr())
	return func() {
		if err := page.Serve(ctx, l); err != nil {
			w.a.say("restock: the operators' page has ended: %v", err)
		}
	}, nil
}

// password gives what is kept of a user's password now: a changed secret holds at once, and one that cannot be read changes nothing.
func (w *workshop) password(u config.AdminUser, hash string) func() string {
	var mu sync.Mutex
	last := config.NewSecret(hash)
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		if now, err := u.Password.Expand(w.values()); err == nil && admin.CheckHash(now) == nil {
			last = config.NewSecret(now)
		}
		return last.Reveal()
	}
}

// encrypted reports whether people reach the page over https: a proxy may speak it.
func encrypted(c *config.Admin) bool {
	return c.TLS != nil || c.OIDC != nil && strings.HasPrefix(c.OIDC.URL, "https://")
}

// failures are what failed in a run, for the page.
func (w *workshop) failures(run string) ([]admin.Failure, error) {
	dir := filepath.Join(w.evidence(), filepath.Base(run))
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() { // a link is none of ours
		return nil, nil //nolint:nilerr // it left nothing
	}
	views, err := evidence.Heads(dir)
	if err != nil {
		return nil, fmt.Errorf("what run %s left cannot be read: %w", run, err)
	}
	var list []admin.Failure
	for _, v := range views {
		f := admin.Failure{
			StepError: v.Failure, Folder: v.Folder, Pictured: v.Pictured, Cause: v.Cause, Todo: v.Next, Customers: v.Customers, Who: v.Who, Same: v.Same,
			Excerpt: lines(v.Excerpt), Definition: lines(v.Definition), Near: v.Page.Near,
		}
		if v.Good != nil {
			f.Good = &admin.Good{At: v.Good.At, Picture: v.Good.Picture}
		}
		list = append(list, f)
	}
	return list, nil
}

func lines(list []evidence.Line) []admin.Line {
	out := make([]admin.Line, len(list))
	for i, l := range list {
		out[i] = admin.Line(l)
	}
	return out
}

func (a *app) passwordCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "password",
		Short: "Make what is kept of a password for the operators' page",
		Long:  "Make what is kept of a password for the operators' page: put it into secrets/NAME, and ${secret:NAME} into admin: users:.",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			var password string
			if fd := int(os.Stdin.Fd()); term.IsTerminal(fd) {
				fmt.Fprint(a.stderr, "password: ")
				typed, err := term.ReadPassword(fd)
				a.say("")
				if err != nil {
					return err
				}
				password = string(typed)
			} else {
				line, err := bufio.NewReader(os.Stdin).ReadString('\n')
				if err != nil && line == "" {
					return usagef("no password: type it, or pipe it in")
				}
				password = strings.TrimRight(line, "\r\n")
			}
			if len([]rune(password)) < 12 {
				return usagef("at least 12 characters")
			}
			a.print("%s", admin.HashPassword(password))
			return nil
		},
	}
}
