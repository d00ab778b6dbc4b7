package flowtest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ShopOrder is an order of the sample shop.
type ShopOrder struct {
	ID       int
	SKU      string
	Name     string
	Email    string
	Quantity int
	Cents    int // of one
	At       time.Time
	Status   string // Paid, Cancelled
	Landing  string // the first page that the customer came to
}

// Number is the order's name.
func (o ShopOrder) Number() string { return "#" + strconv.Itoa(o.ID) }

// Total is what was paid: 129.90.
func (o ShopOrder) Total() string { return dollars(o.Cents * o.Quantity) }

// Placed is when, as the sample system writes it.
func (o ShopOrder) Placed() string { return o.At.In(sydney()).Format("02/01/2006 15:04") }

func sydney() *time.Location {
	zone, err := time.LoadLocation("Australia/Sydney")
	if err != nil {
		return time.UTC
	}
	return zone
}

func dollars(cents int) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }

// Price is what a product costs: 49.90.
func (p Product) Price() string { return dollars(p.cents()) }

func (p Product) cents() int { return 1990 + len(p.Name)*300 }

// Tell makes the shop tell an address of its orders, signed with a key, as Shopify does; and its sold-out products show a form that
// sends to the sign-up of an address. Both may be "".
func (w *World) Tell(signUp, hook, key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.signUp, w.hook, w.hookKey = signUp, hook, key
}

// Orders returns every order of the shop.
func (w *World) Orders() []ShopOrder {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.orders)
}

type productView struct {
	Product
	SignUp, Page string
}

type orderView struct {
	ShopOrder
}

func (w *World) shopPages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /products/{sku}", func(rw http.ResponseWriter, r *http.Request) {
		p := w.product(r.PathValue("sku"))
		if p == nil {
			http.NotFound(rw, r)
			return
		}
		if r.URL.RawQuery != "" { // as shops do, to know where their customers came from
			http.SetCookie(rw, &http.Cookie{Name: "landing", Value: base64.RawURLEncoding.EncodeToString([]byte(r.URL.RequestURI())), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
		}
		w.mu.Lock()
		view := productView{*p, w.signUp, w.Shop.URL + r.URL.Path}
		w.mu.Unlock()
		render(rw, "product", view)
	})
	mux.HandleFunc("POST /products/{sku}/order", func(rw http.ResponseWriter, r *http.Request) {
		quantity, err := strconv.Atoi(r.FormValue("quantity"))
		if err != nil || quantity < 1 || !strings.Contains(r.FormValue("email"), "@") {
			http.Error(rw, "the form is not complete", http.StatusBadRequest)
			return
		}
		o := ShopOrder{SKU: r.PathValue("sku"), Email: r.FormValue("email"), Quantity: quantity, At: time.Now()}
		if c, err := r.Cookie("landing"); err == nil {
			if b, err := base64.RawURLEncoding.DecodeString(c.Value); err == nil {
				o.Landing = string(b)
			}
		}
		if o, err = w.Order(r.Context(), o); err != nil {
			http.Error(rw, err.Error(), http.StatusConflict)
			return
		}
		render(rw, "ordered", orderView{o})
	})
	return mux
}

func (w *World) product(sku string) *Product {
	for _, p := range w.Products() {
		if p.SKU == sku {
			return &p
		}
	}
	return nil
}

// Order places an order, takes it off the stock, and tells of it.
func (w *World) Order(ctx context.Context, o ShopOrder) (ShopOrder, error) {
	w.mu.Lock()
	i := slices.IndexFunc(w.products, func(p *Product) bool { return p.SKU == o.SKU })
	if i < 0 || w.products[i].Quantity < o.Quantity {
		w.mu.Unlock()
		return o, fmt.Errorf("%s is sold out", o.SKU)
	}
	w.products[i].Quantity -= o.Quantity
	o.ID, o.Name, o.Cents, o.Status = 1001+len(w.orders), w.products[i].Name, w.products[i].cents(), "Paid"
	w.orders = append(w.orders, o)
	hook, key := w.hook, w.hookKey
	w.mu.Unlock()
	if hook == "" {
		return o, nil
	}
	return o, tell(ctx, hook, key, "orders/create", o)
}

// Cancel cancels an order, and tells of it.
func (w *World) Cancel(ctx context.Context, id int) error {
	w.mu.Lock()
	i := slices.IndexFunc(w.orders, func(o ShopOrder) bool { return o.ID == id })
	if i < 0 {
		w.mu.Unlock()
		return fmt.Errorf("no order %d", id)
	}
	w.orders[i].Status = "Cancelled"
	o, hook, key := w.orders[i], w.hook, w.hookKey
	w.mu.Unlock()
	if hook == "" {
		return nil
	}
	return tell(ctx, hook, key, "orders/cancelled", o)
}

// tell sends an order as Shopify's webhooks do.
func tell(ctx context.Context, hook, key, topic string, o ShopOrder) error {
	financial, cancelled := "paid", any(nil)
	updated := o.At
	if o.Status == "Cancelled" {
		updated = updated.Add(time.Minute)
		cancelled = updated.Format(time.RFC3339)
	}
	body, err := json.Marshal(map[string]any{
		"id": o.ID, "name": o.Number(), "created_at": o.At.Format(time.RFC3339Nano), "updated_at": updated.Format(time.RFC3339Nano), "cancelled_at": cancelled,
		"currency": "AUD", "financial_status": financial, "email": o.Email, "landing_site": o.Landing, "test": false, "customer": map[string]any{"email": o.Email},
		"line_items": []any{map[string]any{"id": o.ID * 10, "product_id": o.ID % 7, "sku": o.SKU, "quantity": o.Quantity, "price": dollars(o.Cents), "total_discount": "0.00"}},
	})
	if err != nil {
		return err
	}
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(body)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, hook, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Shopify-Topic", topic)
	req.Header.Set("X-Shopify-Hmac-Sha256", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	req.Header.Set("X-Shopify-Webhook-Id", rand.Text())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the webhook was answered %s", res.Status)
	}
	return nil
}

type ordersView struct {
	Rows   []ShopOrder
	Total  int
	Follow string
}

// orderPages is the list of orders, newest first, in the inventory system.
func (w *World) orderPages(rw http.ResponseWriter, r *http.Request) {
	all := w.Orders()
	slices.Reverse(all)
	page, _ := strconv.Atoi(r.FormValue("page"))
	page = max(page, 1)
	from, to := min((page-1)*perPage, len(all)), min(page*perPage, len(all))
	view := ordersView{Rows: all[from:to], Total: len(all)}
	if to < len(all) {
		view.Follow = fmt.Sprintf("/orders?page=%d", page+1)
	}
	render(rw, "orders", view)
}
