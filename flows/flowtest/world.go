package flowtest

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
)

// Credentials of both sample systems.
const (
	User     = "bot@austral-outdoors.example"
	Password = "correct-horse-battery"
)

// World is the sample company: its systems, its data and the truth about what happened to them.
type World struct {
	IMS, CRM, Shop *httptest.Server
	Mail           *Mail
	SMS            *SMS

	mu       sync.Mutex
	products []*Product
	requests []*Request
	sessions map[string]string // cookie → CSRF token
	password string
	logIns   []LogIn
	saves    []Save
	broken   []string
	orders   []ShopOrder
	signUp   string // address of the sign-up that the shop's form sends to
	hook     string // address that is told of orders
	hookKey  string
	fault    func(w http.ResponseWriter, r *http.Request) bool
}

// Product is an article of the shop.
type Product struct {
	SKU, Name string
	Quantity  int
}

// Request is a customer's wish in the CRM.
type Request struct {
	ID       int
	SKU      string
	Customer string
	Email    string
	Phone    string
	Contact  string // "E-mail", "SMS", "E-mail or SMS"
	Consent  bool
	Status   string // Waiting, Notified, Cancelled
	Note     string
	Asked    string // date
}

// LogIn is one attempt to log in.
type LogIn struct {
	System string
	User   string
	OK     bool
}

// Save is one change of a request.
type Save struct {
	ID           int
	Status, Note string
}

// Start starts everything on free ports of loopback. Close it.
func Start() (*World, error) {
	w := &World{products: products(), sessions: map[string]string{}, password: Password}
	w.requests = requests(w.products)
	var err error
	if w.Mail, err = startMail(); err != nil {
		return nil, err
	}
	w.SMS = startSMS()
	w.IMS = httptest.NewServer(w.guarded("IMS", w.imsPages()))
	w.CRM = httptest.NewServer(w.guarded("CRM", w.crmPages()))
	w.Shop = httptest.NewServer(w.shopPages())
	return w, nil
}

// Close stops everything.
func (w *World) Close() error {
	for _, s := range []*httptest.Server{w.IMS, w.CRM, w.Shop} {
		s.CloseClientConnections()
		s.Close()
	}
	w.SMS.close()
	return errors.Join(w.Mail.close())
}

// Restock sets the quantity of a product.
func (w *World) Restock(sku string, quantity int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.products {
		if p.SKU == sku {
			p.Quantity = quantity
			return nil
		}
	}
	return fmt.Errorf("no product %s", sku)
}

// Products returns a copy of the stock.
func (w *World) Products() []Product {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := make([]Product, len(w.products))
	for i, p := range w.products {
		list[i] = *p
	}
	return list
}

// Requests returns a copy of all requests.
func (w *World) Requests() []Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := make([]Request, len(w.requests))
	for i, r := range w.requests {
		list[i] = *r
	}
	return list
}

// AddRequest adds a waiting request and returns its ID.
func (w *World) AddRequest(r Request) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	r.ID = 1000 + len(w.requests)
	if r.Status == "" {
		r.Status = "Waiting"
	}
	w.requests = append(w.requests, &r)
	return r.ID
}

// Note sets the note of a request, as a colleague would.
func (w *World) Note(id int, note string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.requests {
		if r.ID == id {
			r.Note = note
		}
	}
}

// Keep cancels all requests that wait for a product, but for the first few that can be told.
func (w *World) Keep(sku string, most int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.requests {
		if r.SKU != sku || r.Status != "Waiting" {
			continue
		}
		if most > 0 && r.Consent && strings.Contains(r.Email, "@") {
			most--
			continue
		}
		r.Status = "Cancelled"
	}
}

// SetPassword changes the password of both systems.
func (w *World) SetPassword(p string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.password = p
}

// EndSessions logs everybody out.
func (w *World) EndSessions() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.sessions)
}

// Fault puts a handler before all pages of IMS and CRM; it reports whether it answered. nil takes it away.
func (w *World) Fault(f func(http.ResponseWriter, *http.Request) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fault = f
}

// LogIns returns every attempt to log in.
func (w *World) LogIns() []LogIn {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]LogIn(nil), w.logIns...)
}

// Saves returns every change that was saved in the CRM.
func (w *World) Saves() []Save {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]Save(nil), w.saves...)
}

func listen() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }
