package browser

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-rod/rod/lib/proto"
)

// Version asks the browser what it is: "HeadlessChrome/156.0.7012.3".
func (b *Browser) Version(ctx context.Context) (string, error) {
	v, err := proto.BrowserGetVersion{}.Call(b.at(ctx, ""))
	if err != nil {
		return "", err
	}
	return v.Product, nil
}

// Floor is the oldest major version that restock works with: --headless=new over a pipe, and what the engine uses.
const Floor = 120

// Age estimates how old a major version of Chrome is. One came every four weeks since 120, of 5 December 2023
// (https://chromiumdash.appspot.com/schedule).
func Age(major int, now time.Time) time.Duration {
	released := time.Date(2023, 12, 5, 0, 0, 0, 0, time.UTC).AddDate(0, 0, 28*(major-Floor))
	return max(0, now.Sub(released))
}

// oldAfter is how old a browser may be before somebody should update it: its holes are known by then.
const oldAfter = 90 * 24 * time.Hour

// CheckVersion judges a version such as "Chromium 156.0.7012.3": below the floor it is refused, and an old one is warned of.
func CheckVersion(version string, now time.Time) (found string, ok bool) {
	major := majorOf(version)
	age := Age(major, now)
	switch {
	case major == 0:
		return "a version that cannot be read: " + version, false
	case major < Floor:
		return fmt.Sprintf("version %d: at least %d is needed", major, Floor), false
	case age > oldAfter:
		return fmt.Sprintf("version %d, about %d days old: update it, its holes are known", major, int(age.Hours()/24)), true
	}
	return fmt.Sprintf("version %d", major), true
}

// majorOf finds the first number that is followed by a dot.
func majorOf(version string) int {
	for _, word := range strings.FieldsFunc(version, func(r rune) bool { return r == ' ' || r == '/' }) {
		first, _, dotted := strings.Cut(word, ".")
		if n, err := strconv.Atoi(first); err == nil && dotted {
			return n
		}
	}
	return 0
}
