package flows_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"restock/bot"
	"restock/flows"
	"restock/flows/browser"
	"restock/flows/flowtest"
	"restock/selectors"
	"restock/state/statetest"
)

// workers read pages at the same time, each with a page of its own.
const workers = 4

// mutantFile reads the list that the mutants are made of.
const mutantFile = `version: 1
site: ims
base: ${BASE}
stock:
  open: /
  proof: {heading: Products}
  rows: {css: "table.stock tbody tr"}
  key: sku
  columns:
    sku:      {header: SKU}
    name:     {header: Product, text: a}
    quantity: {header: On hand, type: number}
    _bin:     {header: Bin}
  next: none
  total: {css: ".count", match: "([0-9]+) products"}
  within: 400ms
`

// original is the page before anything was done to it, and what it says.
func original() (page string, truth map[string]int) {
	truth = map[string]int{}
	var rows strings.Builder
	for i := range 36 {
		sku, n := fmt.Sprintf("AO-%d", 1000+i*7), i*i%29
		if i%3 == 1 {
			n = 0
		}
		truth[sku] = n
		fmt.Fprintf(&rows, "<tr class=\"row\" data-id=\"%d\"><td class=\"sku\">%s</td><td><a href=\"/p/%d\" title=\"more\">Product %c%d</a></td><td class=\"number\">%d</td><td>%c-%d</td></tr>\n",
			i, sku, i, 'A'+rune(i%26), i, n, 'K'+rune(i%5), i%9)
	}
	return `<!doctype html><html lang="en"><head><title>Products</title></head><body><header><a class="logout" href="/out">Log out</a></header>` +
		`<main id="main"><h1>Products</h1><p class="count">36 products</p><table class="stock" id="t"><thead><tr><th scope="col">SKU</th><th scope="col">Product</th><th scope="col" class="number">On hand</th><th scope="col">Bin</th></tr></thead><tbody>` +
		"\n" + rows.String() + `</tbody></table><footer><p>Austral</p></footer></main></body></html>`, truth
}

// TestMutants reads pages to which something was done: a tag or an attribute dropped, rows cut, columns swapped, the end cut
// off. No wrong quantity is believed and nobody is told wrongly; what does no harm is still read. RESTOCK_LONG=1: 2,400 pages.
func TestMutants(t *testing.T) {
	n := 120
	if os.Getenv("RESTOCK_LONG") != "" {
		n = 2400
	}
	result := mutants(t, n, careful())
	for _, w := range result.wrong[:min(len(result.wrong), 10)] {
		t.Error(w)
	}
	t.Logf("%d pages: %d read, %d refused, %d held; %d wrong", n, result.read, result.refused, result.held, len(result.wrong))
	if result.read < n/20 || result.refused < n/20 {
		t.Errorf("%d read and %d refused of %d: the mutants are too harmless, or not harmless at all", result.read, result.refused, n)
	}
}

type outcome struct {
	read, refused, held int
	wrong               []string
}

// mutants reads n mutated pages with a policy.
func mutants(t *testing.T, n int, policy bot.Policy) outcome {
	t.Helper()
	var mu sync.Mutex
	var result outcome
	var all sync.WaitGroup
	for w := range workers {
		m := newMutant(t, policy)
		all.Go(func() {
			for seed := w; seed < n; seed += workers {
				one := m.try(t.Context(), uint64(seed))
				mu.Lock()
				result.read, result.refused, result.held = result.read+one.read, result.refused+one.refused, result.held+one.held
				result.wrong = append(result.wrong, one.wrong...)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return result
}

// mutant is a believer before a page that changes.
type mutant struct {
	*believer
	mu    sync.Mutex
	page  string
	truth map[string]int
}

func newMutant(t *testing.T, policy bot.Policy) *mutant {
	t.Helper()
	m := &mutant{}
	m.page, m.truth = original()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		m.mu.Lock()
		defer m.mu.Unlock()
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(m.page))
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	patient, err := selectors.Load("ims.yaml", []byte(strings.Replace(mutantFile, "within: 400ms", "within: 60s", 1)))
	if err != nil {
		t.Fatal(err)
	}
	hasty, err := selectors.Load("ims.yaml", []byte(mutantFile))
	if err != nil {
		t.Fatal(err)
	}
	b := one.get(t)
	sites := &flows.Sites{
		Files: map[string]*selectors.Site{"ims": patient}, Guard: guard(), Zone: time.UTC, Now: time.Now, BadRows: policy.Guards.BadRows, StepLimit: time.Minute,
		Values: selectors.Values{Env: func(string) (string, bool) { return server.URL, true }},
		NewPage: func(ctx context.Context, _ *selectors.Site) (flows.Page, error) {
			return b.NewPage(ctx, browser.PageOptions{})
		},
	}
	t.Cleanup(func() {
		if err := sites.Close(); err != nil {
			t.Error(err)
		}
	})
	m.believer = &believer{sites: sites, policy: policy, start: &statetest.Memory{}}
	for i := range 36 {
		m.waits = append(m.waits, bot.Subscription{ID: fmt.Sprint(i), SKU: fmt.Sprintf("AO-%d", 1000+i*7), Email: fmt.Sprintf("c%d@example.com", i)})
	}
	for range 3 { // so that contracts are learned
		if run, err := m.run(t.Context(), m.start); err != nil || run.StockLevels != 36 {
			t.Fatalf("%+v, %v", run, err)
		}
	}
	sites.Files["ims"], sites.StepLimit = hasty, 400*time.Millisecond // a broken page is given up soon, and may be
	return m
}

// try does something to the page and reads it.
func (m *mutant) try(ctx context.Context, seed uint64) outcome {
	page, _ := original()
	name, page := mutate(page, rand.New(rand.NewPCG(seed, 9)))
	m.mu.Lock()
	m.page = page
	m.mu.Unlock()
	store := m.start.Clone()
	run, err := m.run(ctx, store)
	var o outcome
	for _, w := range wrong(ctx, m.start, store, m.truth, m.sent) {
		o.wrong = append(o.wrong, fmt.Sprintf("seed %d, %s: %s", seed, name, w))
	}
	switch {
	case err == nil:
		o.read++
	case run.Outcome == bot.HeldRun:
		o.held++
	default:
		o.refused++
	}
	return o
}

// mutate does one thing to a page, sometimes two.
func mutate(page string, random *rand.Rand) (name, mutated string) {
	ways := []struct {
		name string
		do   func(string, *rand.Rand) string
	}{
		{"a tag dropped", dropMatch(regexp.MustCompile(`<[^!][^>]*>`))},
		{"an attribute dropped", dropMatch(regexp.MustCompile(` [a-z-]+="[^"]*"`))},
		{"an attribute changed", change(regexp.MustCompile(`="[^"]*"`), `="x"`)},
		{"rows cut", cutRows},
		{"a row doubled", doubleRow},
		{"columns swapped", swapColumns},
		{"cells of a row swapped", swapCells},
		{"headings swapped", swapHeadings},
		{"a cell emptied", change(regexp.MustCompile(`<td class="number">[^<]*`), `<td class="number">`)},
		{"the end cut off", cutOff},
		{"a cell dropped", dropMatch(regexp.MustCompile(`<td class="number">[0-9]+</td>`))},
		{"a letter in a number", change(regexp.MustCompile(`>[0-9]+</td>`), `>O</td>`)},
		{"a column dropped", dropColumn},
		{"a heading renamed", change(regexp.MustCompile(`On hand|SKU|Bin|Product<`), `Reserved<`)},
		{"a word in a number's place", change(regexp.MustCompile(`>0</td>`), `>sold out</td>`)},
	}
	way := ways[random.IntN(len(ways))]
	page = way.do(page, random)
	if random.IntN(4) == 0 {
		second := ways[random.IntN(len(ways))]
		return way.name + ", " + second.name, second.do(page, random)
	}
	return way.name, page
}

func dropMatch(what *regexp.Regexp) func(string, *rand.Rand) string { return change(what, "") }

func change(what *regexp.Regexp, to string) func(string, *rand.Rand) string {
	return func(page string, random *rand.Rand) string {
		all := what.FindAllStringIndex(page, -1)
		if len(all) == 0 {
			return page
		}
		at := all[random.IntN(len(all))]
		return page[:at[0]] + to + page[at[1]:]
	}
}

// table splits a page into what is before its rows, the rows, and what is after.
func table(page string) (head string, rows []string, tail string) {
	from, to := strings.Index(page, "<tbody>\n"), strings.Index(page, "</tbody>")
	if from < 0 || to < from {
		return page, nil, ""
	}
	from += len("<tbody>\n")
	return page[:from], strings.SplitAfter(strings.TrimSuffix(page[from:to], "\n"), "\n"), page[to:]
}

func cutRows(page string, random *rand.Rand) string {
	head, rows, tail := table(page)
	if len(rows) < 2 {
		return page
	}
	from := random.IntN(len(rows))
	to := min(len(rows), from+1+random.IntN(len(rows)))
	return head + strings.Join(slices.Delete(rows, from, to), "") + tail
}

func doubleRow(page string, random *rand.Rand) string {
	head, rows, tail := table(page)
	if len(rows) == 0 {
		return page
	}
	at := random.IntN(len(rows))
	return head + strings.Join(slices.Insert(rows, random.IntN(len(rows)), strings.TrimSuffix(rows[at], "\n")+"\n"), "") + tail
}

var cellPattern = regexp.MustCompile(`<td[^>]*>.*?</td>`)

func swapInRow(row string, a, b int) string {
	cells := cellPattern.FindAllStringIndex(row, -1)
	if len(cells) <= max(a, b) || a == b {
		return row
	}
	a, b = min(a, b), max(a, b)
	first, second := row[cells[a][0]:cells[a][1]], row[cells[b][0]:cells[b][1]]
	return row[:cells[a][0]] + second + row[cells[a][1]:cells[b][0]] + first + row[cells[b][1]:]
}

// swapColumns swaps two columns with their headings: the page says the same in another order.
func swapColumns(page string, random *rand.Rand) string {
	a, b := random.IntN(4), random.IntN(4)
	head, rows, tail := table(swapHeads(page, a, b))
	for i := range rows {
		rows[i] = swapInRow(rows[i], a, b)
	}
	return head + strings.Join(rows, "") + tail
}

func swapCells(page string, random *rand.Rand) string {
	head, rows, tail := table(page)
	if len(rows) == 0 {
		return page
	}
	at := random.IntN(len(rows))
	rows[at] = swapInRow(rows[at], random.IntN(4), random.IntN(4))
	return head + strings.Join(rows, "") + tail
}

func swapHeadings(page string, random *rand.Rand) string {
	return swapHeads(page, random.IntN(4), random.IntN(4))
}

func swapHeads(page string, a, b int) string {
	heads := regexp.MustCompile(`<th scope.*?</th>`).FindAllStringIndex(page, -1)
	if len(heads) <= max(a, b) || a == b {
		return page
	}
	a, b = min(a, b), max(a, b)
	return page[:heads[a][0]] + page[heads[b][0]:heads[b][1]] + page[heads[a][1]:heads[b][0]] + page[heads[a][0]:heads[a][1]] + page[heads[b][1]:]
}

func dropColumn(page string, random *rand.Rand) string {
	head, rows, tail := table(page)
	at := random.IntN(4)
	for i, row := range rows {
		if cells := cellPattern.FindAllStringIndex(row, -1); len(cells) > at {
			rows[i] = row[:cells[at][0]] + row[cells[at][1]:]
		}
	}
	return head + strings.Join(rows, "") + tail
}

func cutOff(page string, random *rand.Rand) string {
	return page[:len(page)/8+random.IntN(len(page)*7/8)]
}

// TestBrokenPages lets each way in which a page can be broken happen in different ways and at different moments: nothing is
// remembered and nobody is told. RESTOCK_LONG=1: 25 seeds each.
func TestBrokenPages(t *testing.T) {
	seeds := 1
	if os.Getenv("RESTOCK_LONG") != "" {
		seeds = 25
	}
	modes := brokenModes()
	if len(modes) < 40 {
		t.Fatalf("%d modes: at least 40", len(modes))
	}
	found := broken(t, modes, seeds, careful())
	for _, w := range found[:min(len(found), 20)] {
		t.Error(w)
	}
	t.Logf("%d modes x %d seeds: %d state changes or messages", len(modes), seeds, len(found))
}

// mode is a fault on a page.
type mode struct{ fault, path string }

// brokenModes are the faults that leave nothing to be read, on the pages of both systems.
func brokenModes() []mode {
	var list []mode
	for _, f := range flowtest.Faults() {
		if f.Harmless {
			continue
		}
		if f.CRM {
			list = append(list, mode{f.ID, "/requests"})
			continue
		}
		list = append(list, mode{f.ID, "/products"})
		if f.Any {
			list = append(list, mode{f.ID, "/requests"})
		}
	}
	return list
}

// broken lets modes happen and returns what changed.
func broken(t *testing.T, modes []mode, seeds int, policy bot.Policy) []string {
	t.Helper()
	var mu sync.Mutex
	var found []string
	var all sync.WaitGroup
	jobs := make(chan func(*company2) []string)
	for range workers {
		c := newCompany2(t, policy)
		all.Go(func() {
			for job := range jobs {
				list := job(c)
				mu.Lock()
				found = append(found, list...)
				mu.Unlock()
			}
		})
	}
	for _, m := range modes {
		for seed := range seeds {
			jobs <- func(c *company2) []string { return c.suffer(t.Context(), m, uint64(seed)) }
		}
	}
	close(jobs)
	all.Wait()
	return found
}

// company2 is a believer before the sample company.
type company2 struct {
	*believer
	world *flowtest.World
	sku   string
}

func newCompany2(t *testing.T, policy bot.Policy) *company2 {
	t.Helper()
	w, s := sample(t)
	s.Evidence, s.OpenLimit, s.StepLimit, s.BadRows, s.Key = "", 1200*time.Millisecond, 600*time.Millisecond, policy.Guards.BadRows, []byte("key")
	c := &company2{believer: &believer{sites: s, crm: true, policy: policy, start: &statetest.Memory{}}, world: w}
	if run, err := c.run(t.Context(), c.start); err != nil || run.StockLevels != 120 {
		t.Fatalf("%+v, %v", run, err)
	}
	c.sku = w.Products()[5].SKU
	if err := w.Restock(c.sku, 30); err != nil {
		t.Fatal(err)
	}
	return c
}

// suffer does a run while a page is broken.
func (c *company2) suffer(ctx context.Context, m mode, seed uint64) []string {
	store := c.start.Clone()
	random := rand.New(rand.NewPCG(seed, 3))
	when := flowtest.When{Path: m.path, Seed: seed}
	if m.path == "/products" {
		when.After = random.IntN(5) // pages that are well before
	}
	if err := c.world.Break(m.fault, when); err != nil {
		return []string{err.Error()}
	}
	defer c.world.Mend()
	before := unchanged(ctx, store)
	_, err := c.run(ctx, store)
	name := fmt.Sprintf("%s on %s, seed %d", m.fault, m.path, seed)
	var list []string
	if err == nil {
		list = append(list, name+": the run is done")
	}
	if unchanged(ctx, store) != before {
		list = append(list, name+": the memory has changed")
	}
	if len(c.sent) > 0 {
		list = append(list, fmt.Sprintf("%s: %d messages", name, len(c.sent)))
	}
	return list
}
