package flows_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"restock/bot"
	"restock/flows"
	"restock/flows/browser"
	"restock/selectors"
)

// ways in which a page could make a reading or a write wrong without a word.
type quietly struct {
	name, file string
	page       http.HandlerFunc
	want       []string // SKUs
	fails      string   // or what the error says
}

const (
	listBody = "  rows: {css: tbody tr}\n  columns: {sku: {header: SKU}, quantity: {header: Qty, type: integer}}\n"
	listHead = "<h1>Stock</h1><table><thead><tr><th>SKU<th>Qty</thead><tbody>"
)

func answer(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprint(w, "<!doctype html>"+text)
}

// lines are rows of a list, S1 to Sn.
func lines(from, to int) string {
	var b strings.Builder
	for i := from; i <= to; i++ {
		fmt.Fprintf(&b, "<tr><td>S%d<td>%d", i, i)
	}
	return b.String()
}

func names(from, to int) []string {
	var list []string
	for i := from; i <= to; i++ {
		list = append(list, "S"+strconv.Itoa(i))
	}
	return list
}

func (q quietly) sites(t *testing.T) *flows.Sites {
	t.Helper()
	server := httptest.NewServer(q.page)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	site, err := selectors.Load("quiet.yaml", []byte("version: 1\nsite: d\nbase: "+server.URL+"\n"+q.file))
	if err != nil {
		t.Fatal(err)
	}
	b := one.get(t)
	s := &flows.Sites{
		Files: map[string]*selectors.Site{"d": site}, Guard: guard(), Evidence: t.ArtifactDir(), Zone: time.UTC, Now: time.Now,
		NewPage: func(ctx context.Context, site *selectors.Site) (flows.Page, error) {
			o, err := browser.OptionsFor(site, selectors.Values{})
			if err != nil {
				return nil, err
			}
			return b.NewPage(ctx, o)
		},
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// fetched answers with pages that link to the next one; odd is the body of the fifth.
func fetched(odd string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		n := max(1, len(r.URL.Query().Get("p")))
		body := listHead + lines(n*10, n*10+1) + "</table>"
		if n == 5 {
			answer(w, "<style>.gone{display:none}</style>"+odd)
			return
		}
		answer(w, "<style>.gone{display:none}</style>"+body+"<a class=next href='/?p="+strings.Repeat("x", n+1)+"'>Next</a>")
	}
}

// later answers one path after a time, and all others with a page.
func later(path, text string, after time.Duration, page string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != path {
			answer(w, page)
			return
		}
		select {
		case <-time.After(after):
		case <-r.Context().Done():
		}
		fmt.Fprint(w, text)
	}
}

// TestNeverWrongQuietly: lists that are late, moved, hidden or in another place are read right, or are errors.
func TestNeverWrongQuietly(t *testing.T) {
	const fill = ".then(r=>r.text()).then(x=>document.querySelector('tbody').innerHTML=x)"
	for _, q := range []quietly{
		{
			name: "a filter that takes effect late", file: "elements: {which: {css: select}}\nstock:\n  open: /\n  steps: [{select: {which: Active}}]\n  next: none\n" + listBody,
			page: later("/f", lines(2, 3), 1500*time.Millisecond, "<select onchange=\"setTimeout(()=>fetch('/f')"+fill+",300)\"><option>All<option>Active</select>"+listHead+lines(1, 9)+"</table>"),
			want: names(2, 3),
		},
		{
			name: "rows that come later than two seconds", file: "stock:\n  open: /\n  next: none\n" + listBody,
			page: later("/f", lines(4, 6), 3*time.Second, listHead+lines(1, 3)+"</table><script>fetch('/f').then(r=>r.text()).then(x=>document.querySelector('tbody').insertAdjacentHTML('beforeend',x))</script>"),
			want: names(1, 6),
		},
		{
			name: "a tab that is drawn late", file: "stock:\n  open: /\n  tabs: {role: tab}\n  next: none\n" + listBody,
			page: func(w http.ResponseWriter, _ *http.Request) {
				answer(w, "<div id=t><button role=tab>A</button></div>"+listHead+lines(1, 3)+"</table><script>setTimeout(()=>{const x=document.createElement('button');x.setAttribute('role','tab');x.textContent='B';x.onclick=()=>document.querySelector('tbody').innerHTML='"+lines(4, 6)+"';document.querySelector('#t').append(x)},250)</script>")
			},
			want: names(1, 6),
		},
		{
			name: "a fetched page without rows", file: "stock:\n  open: /?p=x\n  next: {css: a.next}\n  walk: fetch\n  within: 3s\n" + listBody,
			page: fetched("<h1>Stock</h1><p>The list could not be loaded.</p>"), fails: "no sign of the page that there are none",
		},
		{
			name: "a fetched page with rows that its style hides", file: "stock:\n  open: /?p=x\n  next: {css: a.next}\n  walk: fetch\n" + listBody,
			page: fetched(listHead + "<tr class=gone><td>GONE<td>5<tr><td>S50<td>0<span class=gone>7</span></table>"),
			want: []string{"S10", "S11", "S20", "S21", "S30", "S31", "S40", "S41", "S50"},
		},
		{
			name: "an overlay above a frame", file: "stock:\n  open: /\n  steps: [{click: {css: '#go'}, within: 2s}]\n  next: none\n" + listBody,
			page: func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/f" {
					answer(w, "<button id=go>Go</button>")
					return
				}
				answer(w, "<iframe src=/f width=300 height=100></iframe><button style='position:fixed;left:0;top:0;width:400px;height:150px' onclick='document.body.textContent=1'>Delete all</button>"+listHead+lines(1, 2)+"</table>")
			},
			fails: "covered",
		},
		{
			name: "a session that ends around a frame", file: "interruptions: [{see: {css: .expired}, fail: the session has ended}]\nstock:\n  open: /\n  frame: list\n  next: none\n" + listBody,
			page: func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/f" {
					answer(w, listHead+lines(1, 2)+"</table>")
					return
				}
				answer(w, "<iframe name=list src=/f width=500 height=300></iframe><script>setTimeout(()=>document.body.insertAdjacentHTML('beforeend','<div class=expired style=\"position:fixed;inset:0;background:white\">ended</div>'),30)</script>")
			},
			fails: "the session has ended",
		},
	} {
		t.Run(q.name, func(t *testing.T) {
			r, err := q.sites(t).Stock(t.Context(), "d")
			if q.fails != "" {
				if err == nil || !strings.Contains(err.Error(), q.fails) {
					t.Errorf("%+v, %v: expected %q", r.Levels, err, q.fails)
				}
				return
			}
			var got []string
			for _, l := range r.Levels {
				got = append(got, l.SKU)
			}
			if err != nil || !slices.Equal(got, q.want) {
				t.Errorf("%v, %v: expected %v", got, err, q.want)
			}
		})
	}
}

// TestRowsThatMove: the page of a row is opened by the row, not by its place: the list may be drawn anew in between.
func TestRowsThatMove(t *testing.T) {
	row := func(id string) string {
		return "<tr><td class=i>" + id + "<td class=s>X<td><button onclick=\"location='/d?" + id + "'\">Open</button>"
	}
	q := quietly{
		file: "subscribers:\n  open: /\n  rows: {css: tbody tr}\n  next: none\n  columns: {id: {css: .i}, sku: {css: .s}}\n" +
			"  detail:\n    open: [{click: {css: button}}]\n    proof: {heading: Request}\n    columns: {email: {css: .e}}\n",
		page: func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/d" {
				answer(w, "<h1>Request</h1><p class=e>"+r.URL.RawQuery+"@example.com</p>")
				return
			}
			answer(w, "<div id=veil style='position:fixed;inset:0'></div><table><tbody>"+row("R1")+row("R2")+"</table>"+
				"<script>setTimeout(()=>{const b=document.querySelector('tbody');b.append(b.rows[0]);veil.remove()},1500)</script>")
		},
	}
	subs, _, err := q.sites(t).Subscribers(t.Context(), "d", []string{"X"})
	if err != nil || len(subs) != 2 {
		t.Fatalf("%+v, %v", subs, err)
	}
	for _, s := range subs {
		if s.Email != s.ID+"@example.com" {
			t.Errorf("%s has the address %s", s.ID, s.Email)
		}
	}
}

// TestSlowSwitch: a switch that asks the server first is pressed once.
func TestSlowSwitch(t *testing.T) {
	var pressed atomic.Int32
	q := quietly{
		file: "stock:\n  open: /\n  steps: [{check: {role: switch}}]\n  next: none\n" + listBody,
		page: func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/toggle" {
				on := pressed.Add(1)%2 == 1
				<-time.After(400 * time.Millisecond)
				fmt.Fprint(w, on)
				return
			}
			answer(w, "<button role=switch aria-checked=false onclick=\"fetch('/toggle').then(r=>r.text()).then(x=>this.setAttribute('aria-checked',x))\">Notify</button>"+listHead+lines(1, 2)+"</table>")
		},
	}
	if _, err := q.sites(t).Stock(t.Context(), "d"); err != nil || pressed.Load() != 1 {
		t.Errorf("pressed %d times, %v", pressed.Load(), err)
	}
}

// TestColleagueWasFirst: a record that a colleague changed is left alone, even where an earlier attempt is unknown.
func TestColleagueWasFirst(t *testing.T) {
	var posts atomic.Int32
	q := quietly{
		file: "elements: {st: {css: '#s'}}\nfollowup:\n  open: \"/r/{subscription.id}\"\n  before: {field: st, is: Waiting}\n" +
			"  steps: [{fill: {st: Notified}}, {click: {css: button}}]\n  after: {field: st, is: Notified}\n",
		page: func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				posts.Add(1)
			}
			answer(w, "<form method=post><input id=s name=s value='Cancelled by the customer'><button>Save</button></form>")
		},
	}
	n := bot.Notification{Key: "k", Channel: bot.Email, Subscription: bot.Subscription{ID: "1"}}
	n.FollowUp.State = bot.FollowUpUnknown
	f, err := q.sites(t).FollowUp(t.Context(), "d", n, func(context.Context) error { return nil })
	if err != nil || f.State != bot.FollowUpDiffers || posts.Load() != 0 {
		t.Errorf("%+v, %v, %d posts", f, err, posts.Load())
	}
}
