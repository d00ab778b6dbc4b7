package flowtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

// SMS is a gateway with the Messages API of Twilio.
type SMS struct {
	Server *httptest.Server
	mu     sync.Mutex
	sent   []Text
	answer func(w http.ResponseWriter, to string) bool
}

// Text is one accepted message.
type Text struct {
	SID, To, From, Body string
	At                  time.Time
}

// Account and token of the gateway.
const (
	Account = "AC00000000000000000000000000000001"
	Token   = "sample-token"
)

func startSMS() *SMS {
	s := &SMS{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /2010-04-01/Accounts/{account}/Messages.json", s.create)
	mux.HandleFunc("GET /2010-04-01/Accounts/{account}/Messages.json", s.list)
	s.Server = httptest.NewServer(mux)
	return s
}

func (s *SMS) create(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	user, password, _ := r.BasicAuth()
	if user != Account || password != Token || r.PathValue("account") != Account {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"code":20003,"message":"Authenticate","more_info":"https://www.twilio.com/docs/errors/20003","status":401}`)
		return
	}
	to := r.PostFormValue("To")
	if to == "" || r.PostFormValue("Body") == "" { // or the caller died before it had sent the whole request
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"code":21604,"message":"A 'To' phone number and a 'Body' are required.","more_info":"https://www.twilio.com/docs/errors/21604","status":400}`)
		return
	}
	s.mu.Lock()
	answer := s.answer
	s.mu.Unlock()
	if answer != nil && answer(w, to) {
		return
	}
	s.mu.Lock()
	text := Text{SID: fmt.Sprintf("SM%032x", len(s.sent)+1), To: to, From: r.PostFormValue("From"), Body: r.PostFormValue("Body"), At: time.Now()}
	s.sent = append(s.sent, text)
	s.mu.Unlock()
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, `{"sid":%q,"status":"queued","num_segments":"1","error_code":null,"error_message":null}`, text.SID)
}

// list gives the messages to a number, newest first, as the API does.
func (s *SMS) list(w http.ResponseWriter, r *http.Request) {
	type message struct {
		SID       string `json:"sid"`
		To        string `json:"to"`
		From      string `json:"from"`
		Body      string `json:"body"`
		Status    string `json:"status"`
		Direction string `json:"direction"`
		Created   string `json:"date_created"`
	}
	list := []message{}
	for _, t := range s.Sent() {
		if t.To == r.URL.Query().Get("To") {
			list = append([]message{{t.SID, t.To, t.From, t.Body, "sent", "outbound-api", t.At.UTC().Format(time.RFC1123Z)}}, list...)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"messages": list, "next_page_uri": nil})
}

// Sent returns every accepted message.
func (s *SMS) Sent() []Text {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Text(nil), s.sent...)
}

// Answer lets a test answer in the gateway's place; it reports whether it did.
func (s *SMS) Answer(f func(w http.ResponseWriter, to string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = f
}

func (s *SMS) close() { s.Server.Close() }
