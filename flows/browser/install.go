package browser

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"time"

	"restock/bot"
)

// Installer puts a browser on this machine.
type Installer struct {
	Say io.Writer // told what is done, a line each
	// Sources of Chrome for Testing; the zero value means the vendor's. Tests and closed networks name their own.
	Versions string // address of last-known-good-versions-with-downloads.json
	Cache    string // folder; default: restock/browsers in the user's cache folder
	// Debian forces the choice between the distribution's package and Chrome for Testing; nil: by looking at the machine.
	Debian *bool
}

// packages are what Debian needs: the small browser, its sandbox, and fonts, without which screenshots show boxes.
func packages() []string {
	return []string{"chromium-headless-shell", "chromium-sandbox", "fonts-liberation", "fonts-noto-color-emoji"}
}

// Ensure finds a browser or installs one.
func (i Installer) Ensure(ctx context.Context, path string) (Found, error) {
	found, err := Find(ctx, path)
	if err == nil || path != "" {
		return found, err
	}
	return i.Install(ctx)
}

// Install installs a browser: on Debian, as root, the distribution's package, which is then updated with the system;
// elsewhere Chrome for Testing into the user's cache folder.
func (i Installer) Install(ctx context.Context) (Found, error) {
	var err error
	if i.debian() {
		err = i.aptAlone(ctx)
	} else {
		err = i.chromeForTesting(ctx)
	}
	if err != nil {
		return Found{}, &bot.StepError{
			Class: bot.Browser, Step: "install a browser", Expected: "a browser to be installed", Found: err.Error(), Err: err,
			Hint: "install Chrome, Chromium or Edge by hand (Debian: apt-get install " + strings.Join(packages(), " ") + ")",
		}
	}
	found, err := Find(ctx, "")
	if err == nil {
		i.say("installed %s at %s", found.Version, found.Path)
	}
	return found, err
}

func (i Installer) say(format string, args ...any) {
	if i.Say != nil {
		fmt.Fprintf(i.Say, format+"\n", args...)
	}
}

func (i Installer) debian() bool {
	if i.Debian != nil {
		return *i.Debian
	}
	release, err := os.ReadFile("/etc/os-release")
	return err == nil && os.Geteuid() == 0 && isDebian(string(release))
}

// isDebian reports whether the distribution has real Chromium packages; Ubuntu's are wrappers of a snap.
func isDebian(release string) bool {
	return strings.Contains(release, "\nID=debian") || strings.HasPrefix(release, "ID=debian")
}

// aptAlone waits while another process, perhaps a restock too, works with the packages; what that one installs is taken.
func (i Installer) aptAlone(ctx context.Context) error {
	for {
		err := i.apt(ctx)
		if err == nil || !strings.Contains(err.Error(), "lock") {
			return err
		}
		timer := time.NewTimer(3 * time.Second)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return errors.Join(context.Cause(ctx), err)
		}
		if _, found := Find(ctx, ""); found == nil {
			return nil
		}
	}
}

func (i Installer) apt(ctx context.Context) error {
	i.say("no browser here: installing %s with apt-get (about 560 MB on disk)", strings.Join(packages(), ", "))
	install := append([]string{"-o", "DPkg::Lock::Timeout=600", "install", "-y", "-q", "--no-install-recommends"}, packages()...)
	for _, args := range [][]string{{"-o", "DPkg::Lock::Timeout=600", "update", "-q"}, install} {
		cmd := exec.CommandContext(ctx, "apt-get", args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("apt-get %s: %w: %s", args[2], err, errorLines(out.String()))
		}
	}
	return nil
}

// errorLines are what apt-get marks as errors, or else its last line.
func errorLines(out string) string {
	var lines []string
	for line := range strings.SplitSeq(out, "\n") {
		if strings.HasPrefix(line, "E: ") {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return lastLine(out)
	}
	return strings.Join(lines, " ")
}

func (i Installer) cache() (string, error) {
	if i.Cache != "" {
		return i.Cache, nil
	}
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "restock", "browsers"), err
}

// installed lists the browsers that restock installed, newest first.
func installed() []string {
	dir, err := (Installer{}).cache()
	if err != nil {
		return nil
	}
	return installedIn(dir)
}

func installedIn(dir string) []string {
	done, _ := filepath.Glob(filepath.Join(dir, "*", completeMark))
	sort.Sort(sort.Reverse(sort.StringSlice(done)))
	var list []string
	for _, mark := range done {
		if program, err := os.ReadFile(mark); err == nil {
			list = append(list, filepath.Join(filepath.Dir(mark), strings.TrimSpace(string(program))))
		}
	}
	return list
}

// completeMark is written last into a folder with a browser: without it the folder is half an installation.
const completeMark = "INSTALLED"

// platform is how Chrome for Testing names this machine.
func platform() (string, error) {
	switch runtime.GOOS + "/" + runtime.GOARCH {
	case "linux/amd64":
		return "linux64", nil
	case "darwin/arm64":
		return "mac-arm64", nil
	case "darwin/amd64":
		return "mac-x64", nil
	case "windows/amd64":
		return "win64", nil
	case "windows/386":
		return "win32", nil
	}
	return "", errors.New("there is no Chrome for Testing for " + runtime.GOOS + "/" + runtime.GOARCH)
}
