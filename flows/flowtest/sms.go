package flowtest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
)

// SMS is a gateway with the Messages API of Twilio.
type SMS struct {
	Server *httptest.Server
	mu     sync.Mutex
	sent   []Text
	answer func(w http.ResponseWriter, to string) bool
}

// Text is one accepted message.
type Text struct{ SID, To, From, Body string }

// Account and token of the gateway.
const (
	Account = "AC00000000000000000000000000000001"
	Token   = "sample-token"
)

func startSMS() *SMS {
	s := &SMS{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /2010-04-01/Accounts/{account}/Messages.json", s.create)
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
	s.mu.Lock()
	answer := s.answer
	s.mu.Unlock()
	to := r.PostFormValue("To")
	if answer != nil && answer(w, to) {
		return
	}
	s.mu.Lock()
	text := Text{SID: fmt.Sprintf("SM%032x", len(s.sent)+1), To: to, From: r.PostFormValue("From"), Body: r.PostFormValue("Body")}
	s.sent = append(s.sent, text)
	s.mu.Unlock()
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, `{"sid":%q,"status":"queued","num_segments":"1","error_code":null,"error_message":null}`, text.SID)
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
