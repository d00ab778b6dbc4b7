package browser

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Options say how to start a browser.
type Options struct {
	Path    string   // of the browser; see [Find]
	Profile string   // folder in which a fresh profile is made; default: the system's temporary folder
	Hosts   []string // hosts that it may talk to; empty: all. Everything else does not resolve
	Width   int      // of the window in pixels; default 1400
	Height  int      // default 1000
	Agent   string   // what it calls itself to servers; default: its own name

	unwatched bool // tests only: no watchdog looks after it
}

// process is a running Chrome with its own process group and profile.
type process struct {
	cmd     *exec.Cmd
	pipe    *pipe
	profile string
	stderr  *tail
	exited  chan struct{} // closed when the process has ended
	kill    sync.Once
}

// errGone is the cause of every call to a browser that has ended.
var errGone = errors.New("the browser has ended")

// flags are the whole command line. Nothing is added by a library, and the sandbox is never turned off.
func flags(o Options, profile string) []string {
	list := []string{
		"--headless=new", "--remote-debugging-pipe", "--user-data-dir=" + profile,
		fmt.Sprintf("--window-size=%d,%d", o.Width, o.Height),
		"--no-first-run", "--no-default-browser-check", "--no-startup-window", "--no-service-autorun",
		"--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--disable-sync",
		"--disable-domain-reliability", "--disable-client-side-phishing-detection", "--disable-field-trial-config",
		"--disable-breakpad", "--disable-crash-reporter", "--disable-extensions", "--disable-hang-monitor",
		"--disable-popup-blocking", "--disable-prompt-on-repost", "--disable-search-engine-choice-screen",
		"--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows",
		"--disable-renderer-backgrounding", "--disable-back-forward-cache", "--disable-ipc-flooding-protection",
		"--disable-dev-shm-usage", "--disable-gpu", "--disable-quic", "--metrics-recording-only", "--mute-audio",
		"--password-store=basic", "--use-mock-keychain", "--force-color-profile=srgb", "--lang=en-AU",
		"--disable-features=Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider,AutofillServerCommunication," +
			"CertificateTransparencyComponentUpdater,PaintHolding,HttpsUpgrades,LocalNetworkAccessChecks",
	}
	if o.Agent != "" {
		list = append(list, "--user-agent="+o.Agent)
	}
	if len(o.Hosts) > 0 {
		rules := "MAP * ~NOTFOUND"
		for _, host := range o.Hosts {
			rules += ", EXCLUDE " + host
		}
		list = append(list, "--host-resolver-rules="+rules)
	}
	return list
}

// environment is what Chrome is given of ours: nothing that could hold a secret.
func environment(home string) []string {
	env := []string{"HOME=" + home, "TMPDIR=" + home}
	for _, name := range []string{"PATH", "LANG", "LC_ALL", "TZ", "FONTCONFIG_PATH", "FONTCONFIG_FILE", "LD_LIBRARY_PATH", "SYSTEMROOT"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

func start(o Options) (*process, error) {
	profile, err := newProfile(o.Profile)
	if err != nil {
		return nil, fmt.Errorf("a folder for the browser's profile cannot be made: %w", err)
	}
	toChrome, fromBot, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	fromChrome, toBot, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p := &process{profile: profile, stderr: &tail{}, exited: make(chan struct{}), pipe: newPipe(fromBot, fromChrome)}
	p.cmd = exec.Command(o.Path, flags(o, profile)...)
	p.cmd.Env = environment(profile)
	p.cmd.Dir = profile
	p.cmd.Stderr = p.stderr
	p.cmd.WaitDelay = time.Second
	p.cmd.ExtraFiles = []*os.File{toChrome, toBot}
	ownGroup(p.cmd)
	err = p.cmd.Start()
	_ = errors.Join(toChrome.Close(), toBot.Close())
	if err != nil {
		p.pipe.close()
		return nil, errors.Join(err, os.RemoveAll(profile))
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.exited)
	}()
	return p, nil
}

// newProfile makes a fresh folder that only the browser's user can read.
func newProfile(parent string) (string, error) {
	if parent == "" || unprivileged() != nil {
		var err error
		if parent, err = openParent(); err != nil {
			return "", err
		}
	}
	dir, err := os.MkdirTemp(parent, profilePrefix)
	if err != nil {
		return "", err
	}
	owner := []byte(strings.TrimSpace(strconv.Itoa(os.Getpid()) + " " + startOf(os.Getpid())))
	return dir, errors.Join(os.WriteFile(filepath.Join(dir, ownerFile), owner, 0o600), giveTo(dir))
}

// profilePrefix begins the name of each profile of ours.
const profilePrefix = "restock-browser-"

// ownerFile holds the number of the bot's process and when it was started: a profile whose owner is gone was left by a kill.
const ownerFile = "restock.pid"

// openParent returns a folder for temporary files that the browser's user can reach: the data folder is closed to it, and
// so may be our own temporary folder.
func openParent() (string, error) {
	candidates := []string{os.TempDir(), "/tmp", "/var/tmp"}
	for _, dir := range candidates {
		if unprivileged() == nil || reachable(dir) {
			return dir, nil
		}
	}
	return "", fmt.Errorf("the browser runs as an unprivileged user and can reach none of %s", strings.Join(candidates, ", "))
}

// reachable reports whether every user may go through a folder and all above it.
func reachable(dir string) bool {
	dir, err := filepath.Abs(dir)
	for err == nil {
		var info os.FileInfo
		if info, err = os.Stat(dir); err == nil && (!info.IsDir() || info.Mode().Perm()&0o001 == 0) {
			return false
		}
		if filepath.Dir(dir) == dir {
			break
		}
		dir = filepath.Dir(dir)
	}
	return err == nil
}

// end closes the pipe, which ends Chrome, waits a moment, then kills the whole group and removes the profile.
func (p *process) end(grace time.Duration) error {
	p.pipe.close()
	select {
	case <-p.exited:
	case <-time.After(grace):
	}
	p.killGroup()
	<-p.exited
	return removeAll(p.profile)
}

func (p *process) killGroup() {
	p.kill.Do(func() { killGroup(p.cmd) })
}

// removeAll removes the profile. Helpers of Chrome that are just ending may still write into it.
func removeAll(dir string) error {
	var err error
	for range 20 {
		if err = os.RemoveAll(dir); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}

// why explains a browser that did not start.
func (p *process) why(ctx context.Context, err error) string {
	select {
	case <-p.exited:
	case <-ctx.Done():
	case <-time.After(time.Second):
	}
	text := p.stderr.String()
	switch {
	case strings.Contains(text, "without --no-sandbox"), strings.Contains(text, "No usable sandbox"):
		return "it found no usable sandbox: install the package chromium-sandbox, or allow user namespaces " +
			"(Ubuntu 23.10 and later: an AppArmor profile with userns)"
	case strings.Contains(text, "error while loading shared libraries"):
		return "a library is missing: " + lastLine(text)
	case text != "":
		return lastLine(text)
	}
	return err.Error()
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// tail keeps the last few kilobytes that Chrome wrote to its standard error.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b...)
	if over := len(t.buf) - 8192; over > 0 {
		t.buf = t.buf[over:]
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.buf)
}

// Sweep removes the profiles of browsers whose bot was killed.
func Sweep(parent string) (removed int, err error) {
	dirs, err := stale(parent)
	for _, dir := range dirs {
		if rmErr := os.RemoveAll(dir); rmErr != nil {
			err = errors.Join(err, rmErr)
			continue
		}
		removed++
	}
	return removed, err
}

// Stale counts the profiles that killed bots have left, here and in the system's temporary folder.
func Stale(parent string) int {
	n := 0
	for _, dir := range []string{parent, ""} {
		dirs, _ := stale(dir) // what cannot be looked at is reported when it is removed
		n += len(dirs)
	}
	return n
}

func stale(parent string) (list []string, err error) {
	if parent == "" {
		if parent, err = openParent(); err != nil {
			return nil, err
		}
	}
	dirs, err := filepath.Glob(filepath.Join(parent, profilePrefix+"*"))
	for _, dir := range dirs {
		if owner, readErr := os.ReadFile(filepath.Join(dir, ownerFile)); readErr == nil && !alive(string(owner)) {
			list = append(list, dir)
		}
	}
	return list, err
}

var _ io.Writer = (*tail)(nil)
