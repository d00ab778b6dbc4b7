package browser

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/selectors"
)

// R18: rod downloads a browser by itself, reads the command line, and panics on an option that it does not know.
func nothingIsDownloaded(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	if runtime.GOOS == "linux" {
		_, err := Find(t.Context(), "")
		if bot.ClassOf(err) != bot.Browser || !strings.Contains(err.Error(), "restock browser install") {
			t.Errorf("no browser: %v", err)
		}
	}
	if _, err := Find(t.Context(), "/nowhere/chrome"); bot.ClassOf(err) != bot.Browser || !strings.Contains(err.Error(), "/nowhere/chrome") {
		t.Errorf("a browser that is not there: %v", err)
	}
	if _, err := Launch(t.Context(), Options{Path: "/nowhere/chrome"}); bot.ClassOf(err) != bot.Browser {
		t.Errorf("starting what is not there: %v", err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^$", "-rod=nonsense")
	if out, err := cmd.CombinedOutput(); strings.Contains(string(out), "panic:") {
		t.Errorf("%v: %s", err, out)
	}
}

// R19: rod turns the sandbox off when it thinks that it runs in a container.
func sandboxStaysOn(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
	for _, flag := range flags(Options{}, "") {
		if strings.Contains(flag, "sandbox") {
			t.Errorf("flag %s", flag)
		}
	}
	if runtime.GOOS != "linux" {
		return
	}
	b := ownBrowser(t)
	tab(t, b, serve(t, "<p>x</p>", nil))
	renderers := 0
	for _, pid := range family(t, b.proc.cmd.Process.Pid) {
		cmdline, _ := os.ReadFile(filepath.Join("/proc", pid, "cmdline"))
		if !strings.Contains(string(cmdline), "--type=renderer") {
			continue
		}
		renderers++
		status, err := os.ReadFile(filepath.Join("/proc", pid, "status"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(status), "Seccomp:\t2") || strings.Contains(string(status), "Uid:\t0\t") {
			t.Errorf("renderer %s has no sandbox or is root:\n%s", pid, status)
		}
	}
	if renderers == 0 {
		t.Error("no renderer found")
	}
}

// family lists a process and all that descend from it.
func family(t *testing.T, root int) []string {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	children := map[string][]string{}
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has just ended
		}
		_, rest, _ := strings.Cut(string(stat), ") ") // the name before may hold anything
		if fields := strings.Fields(rest); len(fields) > 1 {
			children[fields[1]] = append(children[fields[1]], filepath.Base(filepath.Dir(path)))
		}
	}
	list := []string{strconv.Itoa(root)}
	for i := 0; i < len(list); i++ {
		list = append(list, children[list[i]]...)
	}
	return list
}

// running lists those of some processes that have not ended.
func running(pids []string) []string {
	var list []string
	for _, pid := range pids {
		stat, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
		if _, rest, _ := strings.Cut(string(stat), ") "); err == nil && !strings.HasPrefix(rest, "Z") {
			list = append(list, pid)
		}
	}
	return list
}

// orphan starts a browser, says which profile it has, and waits to be killed.
func orphan() {
	b, err := Launch(context.Background(), Options{Path: os.Getenv("RESTOCK_TEST_ORPHAN")})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	fmt.Println(b.proc.profile)
	select {}
}

// R20: without rod's helper program, which it unpacks into a folder that everybody can write to, a killed bot leaves its
// browser running.
func noOrphans(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "RESTOCK_TEST_ORPHAN="+browserPath(t))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	profile := strings.TrimSpace(line)
	if err != nil || !filepath.IsAbs(profile) {
		t.Fatalf("%q, %v", line, err)
	}
	var pids []string
	if runtime.GOOS == "linux" {
		if pids = family(t, cmd.Process.Pid)[1:]; len(pids) < 3 {
			t.Errorf("the browser does not run: %v", pids)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	deadline := time.Now().Add(10 * time.Second)
	for len(running(pids)) > 0 {
		if time.Now().After(deadline) {
			t.Fatalf("still running 10 s after the bot was killed: %v", running(pids))
		}
		<-time.After(50 * time.Millisecond)
	}
	if found, _ := filepath.Glob(filepath.Join(os.TempDir(), "leakless-*")); len(found) > 0 {
		t.Errorf("%v", found)
	}
	if err := removeAll(profile); err != nil {
		t.Error(err)
	}
}

// R21: rod pretends to be a laptop of its choice.
func noDeviceIsEmulated(t *testing.T) {
	p := tab(t, sharedBrowser(t), serve(t, `<p></p><i></i><script>document.querySelector("p").textContent=navigator.userAgent;document.querySelector("i").textContent=innerWidth+"x"+devicePixelRatio</script>`, nil))
	agent := value(t, p, "p")
	if strings.Contains(agent, "Mac OS") && runtime.GOOS != "darwin" || !strings.Contains(agent, "Chrome/") {
		t.Errorf("user agent %s", agent)
	}
	if got := value(t, p, "i"); got != strconv.Itoa(p.b.opts.Width)+"x1" {
		t.Errorf("window %s", got)
	}
}

// R22: waiting for an idle network never ends on a page that polls.
func pollingDoesNotMatter(t *testing.T) {
	address := serve(t, `<p>ready</p><script>(async () => { for (;;) { await fetch("/poll").catch(() => {}) } })()</script>`, map[string]http.HandlerFunc{
		"/poll": func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-time.After(200 * time.Millisecond):
			}
		},
	})
	p := tab(t, sharedBrowser(t), "")
	quick(t, 3*time.Second, func() {
		if err := p.Open(within(t, 5*time.Second), address); err != nil {
			t.Fatal(err)
		}
		if got := value(t, p, "p"); got != "ready" {
			t.Error(got)
		}
	})
}

// S27: rod cannot press an element whose middle is painted by ::before or ::after.
func pseudoElementsAreClicked(t *testing.T) {
	p := tab(t, sharedBrowser(t), serve(t, `<style>a{position:relative;display:inline-block;padding:20px}a::after{content:"★";position:absolute;inset:0;background:#eee}</style>
		<a onclick="this.id='pressed'">star</a>`, nil))
	quick(t, 3*time.Second, func() {
		if err := act(t, p, "click", "a", ""); err != nil {
			t.Fatal(err)
		}
	})
	if got := value(t, p, "a#pressed"); got == "" {
		t.Error("not pressed")
	}
}

// S28: rod cannot press a frame; a rich-text editor lives in one.
func framesCanBeTypedInto(t *testing.T) {
	p := tab(t, sharedBrowser(t), serve(t, `<iframe srcdoc="<body contenteditable=true>old</body>" style="width:400px;height:120px"></iframe>`, nil))
	if err := act(t, p, "fill", "body[contenteditable=true]", "Told on Monday"); err != nil {
		t.Fatal(err)
	}
	if got := value(t, p, "body[contenteditable=true]"); strings.TrimSpace(got) != "Told on Monday" {
		t.Errorf("the editor holds %q", got)
	}
	if err := act(t, p, "click", "iframe", ""); err != nil {
		t.Errorf("pressing the frame itself: %v", err)
	}
}

// S29: the picture of a tab that is not in front can hang for a minute; so can one while the page goes on to another.
func backgroundTabsArePictured(t *testing.T) {
	b := sharedBrowser(t)
	address := serve(t, `<h1>page</h1><form action=/slow><button>go</button></form>`, nil)
	p := tab(t, b, address)
	tab(t, b, address)
	dir := t.TempDir()
	quick(t, pictureLimit+2*time.Second, func() {
		if err := p.Capture(t.Context(), dir, selectors.Hidden{}); err != nil {
			t.Error(err)
		}
	})
	if err := act(t, p, "click", "button", ""); err != nil {
		t.Fatal(err)
	}
	quick(t, pictureLimit+2*time.Second, func() {
		if err := p.Capture(t.Context(), dir, selectors.Hidden{}); err != nil {
			t.Error(err)
		}
	})
	if info, err := os.Stat(filepath.Join(dir, "screenshot.png")); err != nil || info.Size() < 1000 {
		t.Errorf("%v, %v", info, err)
	}
}
