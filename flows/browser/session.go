package browser

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/go-rod/rod/lib/proto"

	"restock/selectors"
)

// Session returns the cookies of the page's context, and what the origin of the present document has stored.
func (p *Page) Session(ctx context.Context) (selectors.Session, error) {
	var s selectors.Session
	got, err := proto.StorageGetCookies{BrowserContextID: p.context}.Call(p.b.at(ctx, ""))
	if err != nil {
		return s, p.broken(err)
	}
	var keep []*proto.NetworkCookieParam
	for _, c := range got.Cookies {
		param := &proto.NetworkCookieParam{
			Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path, Secure: c.Secure, HTTPOnly: c.HTTPOnly, SameSite: c.SameSite,
		}
		if !c.Session {
			param.Expires = c.Expires
		}
		keep = append(keep, param)
	}
	if s.Cookies, err = json.Marshal(keep); err != nil {
		return s, err
	}
	var store selectors.Storage
	if err := p.ask(ctx, request{Do: "storage"}, &store); err != nil {
		return s, p.broken(err)
	}
	if len(store.Local)+len(store.Session) > 0 {
		s.Stores = []selectors.Storage{store}
	}
	return s, nil
}

// Restore gives a page the session of an earlier one. Cookies are there at once; what was stored is given to each document of
// its origin before the document's own scripts run, until undo is called.
func (p *Page) Restore(ctx context.Context, s selectors.Session) (undo func(context.Context) error, err error) {
	undo = func(context.Context) error { return nil }
	var cookies []*proto.NetworkCookieParam
	if err := json.Unmarshal(s.Cookies, &cookies); err != nil {
		return undo, err
	}
	if len(cookies) > 0 {
		if err := (proto.StorageSetCookies{Cookies: cookies, BrowserContextID: p.context}).Call(p.b.at(ctx, "")); err != nil {
			return undo, p.broken(err)
		}
	}
	if len(s.Stores) == 0 {
		return undo, nil
	}
	data, err := json.Marshal(s.Stores)
	if err != nil {
		return undo, err
	}
	added, err := proto.PageAddScriptToEvaluateOnNewDocument{Source: fmt.Sprintf(restoreStores, jsonLiteral(data)), WorldName: worldName}.Call(p.at(ctx))
	if err != nil {
		return undo, p.broken(err)
	}
	return func(ctx context.Context) error {
		return p.broken(proto.PageRemoveScriptToEvaluateOnNewDocument{Identifier: added.Identifier}.Call(p.at(ctx)))
	}, nil
}

// jsonLiteral makes JSON a JavaScript string: what is in it can never become code.
func jsonLiteral(data []byte) string {
	text, _ := json.Marshal(string(data)) // a string never fails
	return string(text)
}

// restoreStores puts stored values back where the site has none of its own.
const restoreStores = `for (const s of JSON.parse(%s)) if (location.origin === s.origin) try {
	for (const [k, v] of Object.entries(s.local || {})) if (localStorage.getItem(k) === null) localStorage.setItem(k, v);
	for (const [k, v] of Object.entries(s.session || {})) if (sessionStorage.getItem(k) === null) sessionStorage.setItem(k, v);
} catch {}`
