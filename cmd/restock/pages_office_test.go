package main

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"restock/bot/schedule"
	"restock/flows/browser"
	"restock/flows/flowtest"
	"restock/selectors"
	"restock/state"
	"restock/state/freeport"
)

// office is a company whose daemon is up, with the page of its operators, as browsers see it through examining: a proxy that adds
// to each page what looks for faults, under the page's own policy.
type office struct {
	*shop
	w       *workshop
	board   *board
	address string // of the page itself
	url     string // of the page, examined
	done    string // ID of a run that is done
	failed  string // ID of a run that failed, with evidence
}

// newOffice lets a run be done, of whose messages one is ambiguous, and another fail, and opens the page.
func newOffice(t *testing.T, more string) *office {
	t.Helper()
	address := freeport.Address(t)
	s := newShop(t, quick+`admin: {listen: "`+address+`"`+more+"}\n")
	s.certify()
	o := &office{shop: s, address: "http://" + address}
	s.restock()
	verdictOnce("DOT", flowtest.ErrDropAccepted)(s)
	run, err := s.run()
	s.must(err)
	s.world.Mail.Verdict(nil)
	o.done = run.ID
	s.edit("sites/ims.yaml", "header: On hand", "header: Available")
	if run, err = s.run(); err == nil {
		t.Fatal("the run with the broken file did not fail")
	}
	o.failed = run.ID
	s.edit("sites/ims.yaml", "header: Available", "header: On hand")
	o.up(t)
	return o
}

// up opens the page as the daemon does.
func (o *office) up(t *testing.T) {
	t.Helper()
	w, err := o.app().open(t.Context(), state.Daemon)
	o.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	b := newBoard(ctx, w, &schedule.Planner{Store: w.store, Now: w.a.now, Log: w.a.log(), Missed: w.missed})
	serve, err := w.administer(ctx, b)
	o.must(err)
	ended := make(chan struct{})
	go func() { defer close(ended); serve() }()
	o.w, o.board = w, b
	examining := httptest.NewServer(o.examining())
	o.url = examining.URL
	t.Cleanup(func() {
		cancel()
		examining.CloseClientConnections()
		examining.Close()
		<-ended
		b.runs.Wait()
		if err := w.close(); err != nil {
			t.Error(err)
		}
	})
}

// watcher notes what goes wrong on a page from its beginning, and what gets the focus.
const watcher = `"use strict";window.wrong=[];window.focused=[];
addEventListener("error",e=>wrong.push("error: "+e.message));addEventListener("unhandledrejection",e=>wrong.push("error: "+e.reason));
addEventListener("securitypolicyviolation",e=>wrong.push("policy: "+e.violatedDirective+" "+e.blockedURI+" "+e.sourceFile));
const said=console.error;console.error=(...a)=>{wrong.push("console: "+a.join(" "));said(...a)};
addEventListener("focusin",e=>{const c=getComputedStyle(e.target);focused.push((e.target.textContent.trim()||e.target.name||e.target.ariaLabel||e.target.tagName)+(c.outlineStyle==="none"?" WITHOUT A RING":""));
const p=document.querySelector("#focused");if(p)p.textContent="FOCUSED"+JSON.stringify(focused)+"DESUCOF"})`

// examiner leaves on the page what axe-core and our own checks find, and how many things a keyboard must reach.
const examiner = `"use strict";(async()=>{%sconst list=bad.concat(wrong);
const r=await axe.run(document,{resultTypes:["violations"]});
for(const v of r.violations)list.push(v.id+": "+v.help+" "+v.nodes.map(n=>n.html).join(" ").slice(0,300));
if(document.documentElement.scrollWidth>window.innerWidth+1)list.push("wider than the window: "+document.documentElement.scrollWidth);
for(const e of document.querySelectorAll("[style],[onclick],[tabindex]:not([tabindex='0']):not([tabindex='-1'])"))list.push("not allowed: "+e.outerHTML.slice(0,120));
const reach=[...document.querySelectorAll("a[href],button,input:not([type=hidden]),select,textarea,summary,[tabindex='0']")].filter(e=>e.checkVisibility()).length;
const leave=(id,text)=>{const e=document.createElement("pre");e.id=id;e.style.fontSize="2px";e.textContent=text;document.body.append(e)};
leave("focused","");leave("examined","EXAMINED"+JSON.stringify(list)+"DEXAMINE REACH"+reach+"HCAER")})()`

// examining is the proxy. axe-core comes from the page's own address, as its policy asks.
func (o *office) examining() http.Handler {
	source, err := axeSource()
	if err != nil {
		o.t.Logf("axe-core cannot be fetched, only our own checks are made: %v", err)
		source = "window.axe={run:()=>Promise.resolve({violations:[]})}"
	}
	mux := http.NewServeMux()
	for path, script := range map[string]string{"/watcher.js": watcher, "/axe.js": source, "/examiner.js": fmt.Sprintf(examiner, plainChecks)} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
			_, _ = io.WriteString(w, script)
		})
	}
	to, err := url.Parse(o.address)
	o.must(err)
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.FlushInterval = -1
	proxy.ModifyResponse = func(res *http.Response) error {
		if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") || res.Header.Get("Content-Disposition") != "" {
			return nil
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			return err
		}
		page := strings.Replace(string(body), "<head>", `<head><script src="/watcher.js"></script>`, 1)
		page = strings.Replace(page, "</body>", `<script src="/axe.js"></script><script src="/examiner.js" defer></script></body>`, 1)
		res.Body = io.NopCloser(strings.NewReader(page))
		res.Header.Set("Content-Length", strconv.Itoa(len(page)))
		return nil
	}
	mux.Handle("/", proxy)
	return mux
}

// visitor is a browser of a size at the page.
type visitor struct {
	t *testing.T
	b *browser.Browser
	p *browser.Page
}

func visit(t *testing.T, width, height int) *visitor {
	t.Helper()
	found, err := (browser.Installer{Say: io.Discard}).Ensure(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	b, err := browser.Launch(t.Context(), browser.Options{Path: found.Path, Width: width, Height: height})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	p, err := b.NewPage(t.Context(), browser.PageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{t: t, b: b, p: p}
}

// wait waits until the page has a text that a pattern finds, and returns what it found.
func (v *visitor) wait(pattern string) []string {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.t.Context(), 40*time.Second)
	defer cancel()
	re := regexp.MustCompile("(?s)" + pattern)
	var text string
	for {
		if got, err := v.p.Snapshot(ctx); err == nil {
			text = html.UnescapeString(got)
		}
		if m := re.FindStringSubmatch(text); m != nil {
			return m
		}
		select {
		case <-ctx.Done():
			v.t.Fatalf("the page never had %s; it has: %s", pattern, text[max(0, len(text)-2500):])
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// open opens an address and returns what is wrong with the page, and how many things a keyboard must reach.
func (v *visitor) open(url string, dark bool) (wrong []string, reach int) {
	v.t.Helper()
	if err := v.p.Dark(v.t.Context(), dark); err != nil {
		v.t.Fatal(err)
	}
	if err := v.p.Open(v.t.Context(), url); err != nil {
		v.t.Fatal(err)
	}
	return v.examine()
}

func (v *visitor) examine() (wrong []string, reach int) {
	v.t.Helper()
	m := v.wait(`EXAMINED(\[.*\])DEXAMINE REACH(\d+)HCAER`)
	if err := json.Unmarshal([]byte(m[1]), &wrong); err != nil {
		v.t.Fatal(err)
	}
	reach, _ = strconv.Atoi(m[2])
	return wrong, reach
}

func (v *visitor) press(keys ...string) {
	v.t.Helper()
	for _, key := range keys {
		if _, err := v.p.Act(v.t.Context(), selectors.Action{Do: "press", Key: key}); err != nil {
			v.t.Fatal(err)
		}
	}
}

// focused is what got the focus on this page so far.
func (v *visitor) focused() (list []string) {
	v.t.Helper()
	if err := json.Unmarshal([]byte(v.wait(`FOCUSED(\[.*\])DESUCOF`)[1]), &list); err != nil {
		v.t.Fatal(err)
	}
	return list
}

// tabTo goes on with Tab until something has the focus.
func (v *visitor) tabTo(name string) {
	v.t.Helper()
	for range 80 {
		v.press("Tab")
		if list := v.focused(); list[len(list)-1] == name {
			return
		}
	}
	v.t.Fatalf("Tab never came to %q: %q", name, v.focused())
}

// picture leaves a picture of the page, with RESTOCK_PICTURES.
func (v *visitor) picture(name string, dark bool) {
	v.t.Helper()
	dir := os.Getenv("RESTOCK_PICTURES")
	if dir == "" {
		return
	}
	data, err := v.p.Shot(v.t.Context(), dark)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), data, 0o600)
	}
	if err != nil {
		v.t.Fatal(err)
	}
}
