package browser

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"restock/bot"
)

// Found is a browser on this machine.
type Found struct {
	Path    string `json:"path"`
	Version string `json:"version"` // as it says itself; "" on Windows, where Chrome does not say it
}

// names are the programs to look for, best first: the headless shell needs half the memory of the whole browser.
func names() []string {
	return []string{
		"chromium-headless-shell", "chrome-headless-shell", "chromium", "google-chrome-stable", "google-chrome",
		"chromium-browser", "microsoft-edge-stable", "microsoft-edge",
	}
}

// places are where browsers are installed that are not on the PATH.
func places() []string {
	var list []string
	switch runtime.GOOS {
	case "darwin":
		for _, app := range []string{"Google Chrome", "Chromium", "Microsoft Edge"} {
			list = append(list, "/Applications/"+app+".app/Contents/MacOS/"+app)
		}
	case "windows":
		for _, root := range []string{os.Getenv("ProgramFiles"), os.Getenv("ProgramFiles(x86)"), os.Getenv("LocalAppData")} {
			if root != "" {
				list = append(list, filepath.Join(root, `Google\Chrome\Application\chrome.exe`),
					filepath.Join(root, `Microsoft\Edge\Application\msedge.exe`))
			}
		}
	}
	return list
}

// Find looks for a browser: the given path if there is one, then those that restock installed, then the system's. It never
// downloads anything.
func Find(ctx context.Context, path string) (Found, error) {
	if path != "" {
		found, err := probe(ctx, path)
		if err != nil {
			return found, &bot.StepError{
				Class: bot.Browser, Step: "find the browser", Expected: "a browser at " + path, Found: err.Error(),
				Hint: "correct browser.path in restock.yaml, or leave it out to have one found", Err: err,
			}
		}
		return found, nil
	}
	var tried []string
	for _, candidate := range candidates() {
		found, err := probe(ctx, candidate)
		if err == nil {
			return found, nil
		}
		tried = append(tried, fmt.Sprintf("%s (%v)", candidate, err))
	}
	e := &bot.StepError{
		Class: bot.Browser, Step: "find the browser", Expected: "Chrome, Chromium or Edge on this machine", Found: "none",
		Hint: "run `restock browser install`",
	}
	if len(tried) > 0 {
		e.Found = "none that works: " + strings.Join(tried, ", ")
	}
	return Found{}, e
}

func candidates() []string {
	list := installed()
	for _, name := range names() {
		if path, err := exec.LookPath(name); err == nil && !isSnapStub(path) {
			list = append(list, path)
		}
	}
	for _, path := range places() {
		if _, err := os.Stat(path); err == nil {
			list = append(list, path)
		}
	}
	return list
}

// isSnapStub reports whether a program only starts, or asks to install, a snap, which cannot be driven through a pipe.
func isSnapStub(path string) bool {
	real, err := filepath.EvalSymlinks(path)
	if err == nil && (strings.HasPrefix(real, "/snap/") || filepath.Base(real) == "snap") {
		return true
	}
	head, err := os.ReadFile(path)
	return err == nil && len(head) < 1<<16 && bytes.HasPrefix(head, []byte("#!")) && bytes.Contains(head, []byte("/snap/bin"))
}

// probe asks a browser for its version.
func probe(ctx context.Context, path string) (Found, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Found{}, err
	}
	if info.IsDir() {
		return Found{}, fmt.Errorf("%s is a folder", path)
	}
	if runtime.GOOS == "windows" {
		return Found{Path: path}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "--version")
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return Found{}, fmt.Errorf("it does not start: %w", err)
	}
	return Found{Path: path, Version: strings.TrimSpace(string(out))}, nil
}
