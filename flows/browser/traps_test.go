package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-rod/rod/lib/proto"

	"restock/bot"
	"restock/selectors"
)

// TestRodTraps holds this package to the opposite of what was measured of rod (R1-R22) and of real sites (S27-S29), each
// against a real browser.
func TestRodTraps(t *testing.T) {
	for _, trap := range []struct {
		name string
		test func(*testing.T)
	}{
		{"R1", backgroundTabsWork},
		{"R2", deadlinesBind},
		{"R3", movingIsNotStable},
		{"R4", closeIgnoresBeforeunload},
		{"R5", readonlyIsNotFilled},
		{"R6", waitsReturnErrors},
		{"R7", downloadsAreRefused},
		{"R8", statusIsRead},
		{"R9", dialogsDoNotBlock},
		{"R10", crashesAreNoticed},
		{"R11", foreignFramesDoNotPanic},
		{"R12", nothingIsKept},
		{"R13", elementsAreWaitedFor},
		{"R14", strangeEventsAreHarmless},
		{"R15", failedPagesLeaveRoom},
		{"R16", profilesAreRemoved},
		{"R17", profilesAreFresh},
		{"R18", nothingIsDownloaded},
		{"R19", sandboxStaysOn},
		{"R20", noOrphans},
		{"R21", noDeviceIsEmulated},
		{"R22", pollingDoesNotMatter},
		{"S27", pseudoElementsAreClicked},
		{"S28", framesCanBeTypedInto},
		{"S29", backgroundTabsArePictured},
	} {
		t.Run(trap.name, trap.test)
	}
}

// R1: tabs in the background get no animation frames, and rod's actions wait for one.
func backgroundTabsWork(t *testing.T) {
	address := serve(t, `<button onclick="this.textContent='done'">go</button>`, nil)
	b := sharedBrowser(t)
	var tabs []*Page
	for range 4 {
		tabs = append(tabs, tab(t, b, address))
	}
	quick(t, 5*time.Second, func() {
		var all sync.WaitGroup
		for _, p := range tabs {
			all.Go(func() {
				if err := act(t, p, "click", "button", ""); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
	for i, p := range tabs {
		if got := value(t, p, "button"); got != "done" {
			t.Errorf("tab %d: %q", i, got)
		}
	}
}

// R2: rod's wait for a frame ignores the element's and the page's deadline.
func deadlinesBind(t *testing.T) {
	address := serve(t, `<button style="position:fixed;animation:a .2s linear infinite">go</button>
		<style>@keyframes a{from{left:0}to{left:500px}}</style>`, nil)
	p := tab(t, sharedBrowser(t), address)
	quick(t, 2500*time.Millisecond, func() {
		if _, err := p.Act(within(t, time.Second), selectors.Action{Do: "click", Element: css("button")}); err == nil {
			t.Error("a moving button was clicked")
		}
	})
	busy := tab(t, ownBrowser(t), serve(t, `<script>setTimeout(() => { for (;;); }, 300)</script>`, nil))
	quick(t, 3*time.Second, func() {
		<-within(t, 600*time.Millisecond).Done()
		if _, err := busy.See(within(t, time.Second), selectors.Condition{Visible: css("body")}); bot.ClassOf(err) != bot.Browser {
			t.Errorf("a page that hangs: %v", err)
		}
	})
}

// R3: rod's WaitStable reports success when its time is up.
func movingIsNotStable(t *testing.T) {
	address := serve(t, `<input style="position:fixed"><script>let i=0;setInterval(()=>{document.querySelector("input").style.left=(i+=7)%400+"px"},5)</script>`, nil)
	p := tab(t, sharedBrowser(t), address)
	_, err := p.Act(within(t, time.Second), selectors.Action{Do: "fill", Element: css("input"), Text: "x"})
	if err == nil || !strings.Contains(err.Error(), "moving") {
		t.Errorf("%v: expected it to say that the field is moving", err)
	}
}

// R4: closing a page that asks back leaves the tab open, and blocks every new one.
func closeIgnoresBeforeunload(t *testing.T) {
	b := ownBrowser(t)
	address := serve(t, `<button>x</button><script>addEventListener("beforeunload", (e) => { e.preventDefault(); e.returnValue = "stay" })</script>`, nil)
	p, err := b.NewPage(t.Context(), PageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Open(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	if err := act(t, p, "click", "button", ""); err != nil { // only a page that was touched may ask
		t.Fatal(err)
	}
	if err := p.Open(within(t, 5*time.Second), address); err != nil { // leaving asks
		t.Error(err)
	}
	if d := p.Dialogs(); len(d) != 1 || d[0].Kind != "beforeunload" || !d[0].Accepted {
		t.Errorf("dialogs %+v", d)
	}
	if err := act(t, p, "click", "button", ""); err != nil {
		t.Fatal(err)
	}
	quick(t, 3*time.Second, func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		tab(t, b, address)
	})
	targets, err := proto.TargetGetTargets{}.Call(b.at(t.Context(), ""))
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range targets.TargetInfos {
		if target.TargetID == p.target {
			t.Error("the tab is still open")
		}
	}
}

// R5: rod fills read-only fields without a word.
func readonlyIsNotFilled(t *testing.T) {
	address := serve(t, `<input id=a readonly value=old><input id=b aria-readonly=true value=old><input id=c oninput="this.value='other'">
		<fieldset disabled><input id=d value=old></fieldset>`, nil)
	p := tab(t, sharedBrowser(t), address)
	for id, want := range map[string]string{"#a": "read-only", "#b": "read-only", "#c": "holds", "#d": "disabled"} {
		_, err := p.Act(within(t, 700*time.Millisecond), selectors.Action{Do: "fill", Element: css(id), Text: "new"})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v: expected %q in it", id, err, want)
		}
	}
	if got := value(t, p, "#a"); got != "old" {
		t.Errorf("the read-only field holds %q", got)
	}
}

// R6: rod's waits return nothing when their time is up.
func waitsReturnErrors(t *testing.T) {
	release := make(chan struct{})
	address := serve(t, "", map[string]http.HandlerFunc{"/never": func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}})
	defer close(release)
	p := tab(t, sharedBrowser(t), "")
	quick(t, 2*time.Second, func() {
		if err := p.Open(within(t, time.Second), address+"/never"); bot.ClassOf(err) != bot.SiteDown {
			t.Errorf("a server that never answers: %v", err)
		}
	})
	if err := p.wait(within(t, 10*time.Millisecond), time.Hour); err == nil {
		t.Error("a wait that was cut off is no error")
	}
}

// R7: rod takes a download that was cut off for a whole one.
func downloadsAreRefused(t *testing.T) {
	address := serve(t, "", map[string]http.HandlerFunc{"/file": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Disposition", `attachment; filename="stock.csv"`)
		w.Header().Set("Content-Length", "1000")
		fmt.Fprint(w, "SKU,")
	}})
	b := ownBrowser(t)
	p := tab(t, b, address)
	if err := p.Open(within(t, 5*time.Second), address+"/file"); err == nil {
		t.Error("a download was taken for a page")
	}
	found, err := filepath.Glob(filepath.Join(b.proc.profile, "*.csv"))
	if err != nil || len(found) > 0 {
		t.Errorf("%v, %v", found, err)
	}
}

// R8: rod takes a page with status 500 for a good one, and one that was cut off for whole.
func statusIsRead(t *testing.T) {
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			fmt.Fprint(w, "<h1>Products</h1><table><tr><td>A<td>0</table>")
		}
	}
	address := serve(t, "", map[string]http.HandlerFunc{
		"/500": status(500), "/503": status(503), "/404": status(404), "/403": status(403), "/429": status(429),
		"/cut": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100000")
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<h1>Products</h1>"+strings.Repeat("<p>row</p>", 500))
			if f, ok := w.(http.Flusher); ok {
				f.Flush()
			}
			panic(http.ErrAbortHandler)
		},
		"/loop": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) },
	})
	p := tab(t, sharedBrowser(t), "")
	for path, want := range map[string]struct {
		class bot.Class
		text  string
	}{
		"/500": {bot.SiteDown, "status 500"}, "/503": {bot.SiteDown, "status 503"}, "/404": {bot.PageChanged, "status 404"},
		"/403": {bot.PageChanged, "status 403"}, "/429": {bot.SiteDown, "too many"}, "/loop": {bot.SiteDown, "circle"},
	} {
		err := p.Open(within(t, 5*time.Second), address+path)
		if bot.ClassOf(err) != want.class || !strings.Contains(fmt.Sprint(err), want.text) {
			t.Errorf("%s: %v", path, err)
		}
	}
	err := p.Open(within(t, 5*time.Second), address+"/cut")
	for range 50 { // the end of the connection may be noticed a moment after the text
		if err != nil {
			break
		}
		_, err = p.Read(within(t, 5*time.Second), selectors.Plan{Rows: *css("p"), Limit: 1000})
	}
	if err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("a page that was cut off: %v", err)
	}
	if err := p.Open(within(t, 5*time.Second), address); err != nil {
		t.Errorf("a good page after bad ones: %v", err)
	}
}

// R9: an open alert blocks everything, the failure's screenshot included.
func dialogsDoNotBlock(t *testing.T) {
	address := serve(t, `<h1>in</h1><button onclick="this.textContent=confirm('sure?')">ask</button><script>alert("Your password will expire")</script>`, nil)
	p := tab(t, sharedBrowser(t), "")
	quick(t, 8*time.Second, func() {
		if err := p.Open(within(t, 5*time.Second), address); err != nil {
			t.Fatal(err)
		}
		if err := p.Capture(t.Context(), t.TempDir(), selectors.Hidden{}); err != nil {
			t.Error(err)
		}
	})
	if err := p.Open(within(t, 5*time.Second), address); err != nil {
		t.Fatal(err)
	}
	if d := p.Dialogs(); len(d) != 1 || d[0].Message != "Your password will expire" {
		t.Errorf("dialogs %+v", d)
	}
	if err := act(t, p, "click", "button", ""); err != nil {
		t.Fatal(err)
	}
	if got := value(t, p, "button"); got != "false" {
		t.Errorf("a question that no step expected was answered with %s", got)
	}
	if _, err := p.Act(t.Context(), selectors.Action{Do: "dialog", Text: "accept"}); err != nil {
		t.Fatal(err)
	}
	if err := act(t, p, "click", "button", ""); err != nil {
		t.Fatal(err)
	}
	if got := value(t, p, "button"); got != "true" {
		t.Errorf("a question that the step before expected was answered with %s", got)
	}
}

// R10: after a crash of the tab, calls only time out.
func crashesAreNoticed(t *testing.T) {
	b := ownBrowser(t)
	p := tab(t, b, serve(t, "hello", nil))
	go func() { _ = proto.PageCrash{}.Call(p.at(context.Background())) }()
	quick(t, 3*time.Second, func() {
		var err error
		for err == nil {
			_, err = p.See(within(t, 10*time.Second), selectors.Condition{Visible: css("h1")})
		}
		if bot.ClassOf(err) != bot.Browser || !strings.Contains(err.Error(), "crashed") {
			t.Errorf("%v", err)
		}
	})
	if tab(t, b, serve(t, "<p>fine</p>", nil)); b.Err() != nil {
		t.Error(b.Err())
	}
	b.proc.killGroup()
	quick(t, 3*time.Second, func() {
		if _, err := b.NewPage(within(t, 10*time.Second), PageOptions{}); bot.ClassOf(err) != bot.Browser {
			t.Errorf("a killed browser: %v", err)
		}
	})
}

// R11: rod panics on a frame of another site when site isolation is on.
func foreignFramesDoNotPanic(t *testing.T) {
	other := strings.Replace(serve(t, "<button>inside</button>", nil), "127.0.0.1", "localhost", 1)
	p := tab(t, sharedBrowser(t), serve(t, `<h1>outside</h1><iframe src="`+other+`"></iframe>`, nil))
	seen, err := p.See(within(t, 5*time.Second), selectors.Condition{Visible: css("h1")}, selectors.Condition{Visible: css("button")})
	if err != nil || !seen[0] || seen[1] {
		t.Errorf("%v, %v", seen, err)
	}
	for _, flag := range flags(Options{}, "") {
		if strings.Contains(flag, "isolat") || strings.Contains(flag, "site-per-process") || strings.Contains(flag, "web-security") || strings.Contains(flag, "certificate-errors") {
			t.Errorf("flag %s weakens the browser", flag)
		}
	}
}

// R12: rod keeps the parameters of calls for ever.
func nothingIsKept(t *testing.T) {
	p := tab(t, sharedBrowser(t), serve(t, "<p>x</p>", nil))
	long := css("p:not([title='" + strings.Repeat("x", 100_000) + "'])")
	ask := func() {
		if _, err := p.See(within(t, 5*time.Second), selectors.Condition{Visible: long}); err != nil {
			t.Fatal(err)
		}
	}
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	ask()
	before := heap()
	for range 100 {
		ask()
	}
	if grown := int64(heap()) - int64(before); grown > 2<<20 {
		t.Errorf("100 calls with 100 KB each left %d KB", grown>>10)
	}
}

// R13: rod's Element.Element does not wait.
func elementsAreWaitedFor(t *testing.T) {
	p := tab(t, sharedBrowser(t), serve(t, `<div></div><script>setTimeout(() => { document.querySelector("div").innerHTML = "<button onclick='this.id=1'>late</button>" }, 400)</script>`, nil))
	if err := act(t, p, "click", "div button", ""); err != nil {
		t.Error(err)
	}
	quick(t, 1500*time.Millisecond, func() {
		_, err := p.Act(within(t, time.Second), selectors.Action{Do: "click", Element: css("nothing")})
		if bot.ClassOf(err) != bot.PageChanged || !strings.Contains(err.Error(), "not on the page") {
			t.Errorf("%v", err)
		}
	})
}

// R14: rod panics on an event that it cannot decode, and the process with it.
func strangeEventsAreHarmless(t *testing.T) {
	p := tab(t, sharedBrowser(t), serve(t, "<p>x</p>", nil))
	for _, method := range []string{
		"Network.responseReceived", "Network.requestWillBeSent", "Network.loadingFailed", "Network.loadingFinished",
		"Page.javascriptDialogOpening", "Page.frameNavigated", "Network.cookiesOfTomorrow",
	} {
		for _, params := range []string{`{"requestId":5,"type":{},"frame":[]}`, `[]`, `null`, `"text"`, ``} {
			p.event(message{Method: method, Params: json.RawMessage(params)})
		}
	}
	p.b.crashed(message{Session: "nobody", Params: json.RawMessage(`[]`)})
	if seen, err := p.See(within(t, 5*time.Second), selectors.Condition{Visible: css("p")}); err != nil || !seen[0] {
		t.Errorf("%v, %v", seen, err)
	}
}

// R15: a page that could not be made takes a place in rod's pool for ever.
func failedPagesLeaveRoom(t *testing.T) {
	b := ownBrowser(t)
	for _, method := range []string{"Target.createBrowserContext", "Target.createTarget", "Target.attachToTarget", "Page.enable", "Network.enable"} {
		b.fault = func(m string) error {
			if m == method {
				return errors.New("broken " + m)
			}
			return nil
		}
		if _, err := b.NewPage(within(t, 5*time.Second), PageOptions{}); bot.ClassOf(err) != bot.Browser {
			t.Errorf("%s broken: %v", method, err)
		}
	}
	b.fault = nil
	tab(t, b, serve(t, "<p>x</p>", nil))
}

// R16: rod leaves the profile behind, or blocks until it may remove it.
func profilesAreRemoved(t *testing.T) {
	b, err := Launch(t.Context(), Options{Path: browserPath(t)})
	if err != nil {
		t.Fatal(err)
	}
	quick(t, 5*time.Second, func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := os.Stat(b.proc.profile); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the profile is still there: %v", err)
	}
	parent := t.TempDir()
	for name, owner := range map[string]string{"restock-browser-dead": "999999999", "restock-browser-alive": strconv.Itoa(os.Getpid())} {
		if err := os.Mkdir(filepath.Join(parent, name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(parent, name, ownerFile), []byte(owner), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := Sweep(parent); n != 1 || err != nil {
		t.Errorf("profiles that a killed bot left: %d swept, %v", n, err)
	}
	if _, err := os.Stat(filepath.Join(parent, "restock-browser-alive")); err != nil {
		t.Errorf("the profile of a living bot was swept: %v", err)
	}
}

// R17: rod overwrites the preferences of a profile that is used again.
func profilesAreFresh(t *testing.T) {
	cookie := serve(t, `<script>document.cookie="a=1";localStorage.a=1</script>`, map[string]http.HandlerFunc{"/look": func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "<p>[%s]</p>", r.Header.Get("Cookie"))
	}})
	b := sharedBrowser(t)
	first := tab(t, b, cookie)
	second := tab(t, b, cookie+"/look")
	if got := value(t, second, "p"); got != "[]" {
		t.Errorf("a page has the cookies of another: %q", got)
	}
	if err := first.Open(t.Context(), cookie+"/look"); err != nil {
		t.Fatal(err)
	}
	if got := value(t, first, "p"); got != "[a=1]" {
		t.Errorf("a page has lost its own cookie: %q", got)
	}
	if other := ownBrowser(t); other.proc.profile == b.proc.profile {
		t.Error("two browsers share a profile")
	}
}
