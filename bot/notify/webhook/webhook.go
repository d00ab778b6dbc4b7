// Package webhook sends alerts to addresses of other programs: as JSON, or in the shapes that Slack and Teams show.
package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"restock/bot"
)

// limit bounds one call.
const limit = 15 * time.Second

// Target is one address.
type Target struct {
	URL    string // secret: whoever knows it can write there
	Format string // json, slack, teams
}

// Send posts an alert. An answer other than 2xx is an error; the address is never in it.
func (t Target) Send(ctx context.Context, a bot.Alert) error {
	body, err := t.body(a)
	if err != nil {
		return err
	}
	return t.call(ctx, http.MethodPost, body)
}

// Ping calls the address of a dead-man switch.
func (t Target) Ping(ctx context.Context) error { return t.call(ctx, http.MethodGet, nil) }

func (t Target) call(ctx context.Context, method string, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, t.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("the address of a webhook is not right: expected https://…")
	}
	r.Header.Set("User-Agent", "restock")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("webhook at %s: %w", r.URL.Host, inner(err))
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 300)) // for the error only
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("webhook at %s answered %d: %s", r.URL.Host, answer.StatusCode, bot.Clean(string(text)))
	}
	return nil
}

// inner leaves out the address, which net/http puts into its errors.
func inner(err error) error {
	if u, ok := err.(*url.Error); ok { //nolint:errorlint // net/http returns it unwrapped
		return u.Err
	}
	return err
}

func (t Target) body(a bot.Alert) ([]byte, error) {
	switch t.Format {
	case "", "json":
		return json.Marshal(a)
	case "slack": // https://api.slack.com/reference/surfaces/formatting
		return json.Marshal(map[string]any{"text": "*" + slack(a.Title) + "*\n" + slack(a.Body())})
	case "teams": // https://learn.microsoft.com/connectors/teams: an adaptive card in a message
		return json.Marshal(map[string]any{
			"type": "message", "attachments": []any{map[string]any{
				"contentType": "application/vnd.microsoft.card.adaptive",
				"content": map[string]any{
					"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
					"body": []any{
						map[string]any{"type": "TextBlock", "weight": "Bolder", "size": "Medium", "wrap": true, "text": markdown(a.Title)},
						map[string]any{"type": "TextBlock", "wrap": true, "text": markdown(a.Body())},
					},
				},
			}},
		})
	}
	return nil, fmt.Errorf("format %q: expected json, slack or teams", t.Format)
}

// slack escapes the three characters that mean something to it.
func slack(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(bot.Printable(s))
}

// markdown keeps a text from being taken for Markdown.
func markdown(s string) string {
	return strings.NewReplacer("*", "\\*", "_", "\\_", "[", "\\[", "]", "\\]", "`", "'", "<", "‹", ">", "›", "\n", "\n\n").Replace(bot.Printable(s))
}
