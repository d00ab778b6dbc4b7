package sms_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/bot/notify/notifytest"
	"restock/bot/notify/sms"
)

// described are the facts about the Messages resource in the vendor's published OpenAPI description.
type described struct {
	Create struct {
		Path        string `json:"path"`
		ContentType string `json:"content_type"`
		Required    []string
		Properties  map[string]property
	}
	Message struct {
		Properties map[string]property
		Status     []string
	}
	List struct {
		Path     string
		Query    []string
		Response []string
	}
}

type property struct {
	Type, Format, Pattern string
	Enum                  []string
	MinLength, MaxLength  int
}

func (p property) fits(value string) bool {
	switch {
	case p.Type == "integer":
		_, err := strconv.Atoi(value)
		return err == nil
	case p.Type == "boolean":
		return value == "true" || value == "false"
	case len(p.Enum) > 0 && !slices.Contains(p.Enum, value):
		return false
	case p.Pattern != "" && !regexp.MustCompile(p.Pattern).MatchString(value):
		return false
	case p.Format == "uri":
		u, err := url.Parse(value)
		return err == nil && u.IsAbs()
	}
	return true
}

// TestOpenAPI: every request is as the vendor's description of it says, and what we read of answers stands there.
func TestOpenAPI(t *testing.T) {
	data, err := os.ReadFile("testdata/messages.json")
	if err != nil {
		t.Fatal(err)
	}
	var api described
	if err := json.Unmarshal(data, &api); err != nil || len(api.Create.Properties) < 10 {
		t.Fatalf("%v: %d properties", err, len(api.Create.Properties))
	}
	const account = "AC00000000000000000000000000000001"
	path := func(p string) string { return strings.ReplaceAll(p, "{AccountSid}", account) }
	posts, gets := 0, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			gets++
			if r.URL.Path != path(api.List.Path) {
				t.Errorf("it lists %s", r.URL.Path)
			}
			for name := range r.URL.Query() {
				if !slices.Contains(api.List.Query, name) {
					t.Errorf("the list has no parameter %s", name)
				}
			}
			_, _ = w.Write([]byte(`{"messages":[],"next_page_uri":null}`))
			return
		}
		posts++
		if r.URL.Path != path(api.Create.Path) || r.Header.Get("Content-Type") != api.Create.ContentType {
			t.Errorf("%s %s", r.URL.Path, r.Header.Get("Content-Type"))
		}
		_ = r.ParseForm()
		for name, values := range r.PostForm {
			if p, ok := api.Create.Properties[name]; !ok || len(values) != 1 || !p.fits(values[0]) {
				t.Errorf("%s=%q is not in the description, or does not fit it", name, values)
			}
		}
		for _, name := range api.Create.Required {
			if r.PostForm.Get(name) == "" {
				t.Errorf("%s is missing", name)
			}
		}
		if r.PostForm.Get("From") == "" && r.PostForm.Get("MessagingServiceSid") == "" || r.PostForm.Get("Body") == "" {
			t.Error("no sender, or no text")
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{"sid":"SM0000000000000000000000000000000a","status":"queued"}`))
	}))
	defer server.Close()
	for _, o := range []sms.Options{
		{From: "+61491570006"},
		{Service: "MG00000000000000000000000000000001", Callback: "https://t.shop.example/hooks/twilio", Valid: time.Hour},
	} {
		o.Base, o.Account, o.Token = server.URL, account, func() string { return "x" }
		s := sender(t, o)
		n := notification()
		n.NotAfter = time.Now().Add(2 * time.Hour)
		if d := notifytest.Send(t.Context(), t, s, n, func() error { return nil }); d.State != bot.Accepted {
			t.Errorf("%+v", d)
		}
		if _, _, err := s.Reconcile(t.Context(), n, time.Now(), time.Now()); err != nil {
			t.Error(err)
		}
	}
	if posts != 2 || gets != 2 {
		t.Errorf("%d messages, %d lists", posts, gets)
	}
	api.answers(t)
}

// answers holds that what we read of answers stands in the description.
func (api described) answers(t *testing.T) {
	t.Helper()
	for _, name := range []string{"sid", "status", "to", "body", "direction", "date_created", "error_code"} {
		if _, ok := api.Message.Properties[name]; !ok {
			t.Errorf("a message has no %s", name)
		}
	}
	for _, name := range []string{"messages", "next_page_uri"} {
		if !slices.Contains(api.List.Response, name) {
			t.Errorf("a list has no %s", name)
		}
	}
	for _, status := range []string{"queued", "sent", "delivered", "undelivered", "failed"} {
		if !slices.Contains(api.Message.Status, status) {
			t.Errorf("there is no status %s", status)
		}
	}
}
