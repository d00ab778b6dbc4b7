package browser

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// knownGood is the vendor's list of versions (googlechromelabs.github.io/chrome-for-testing).
const knownGood = "https://googlechromelabs.github.io/chrome-for-testing/last-known-good-versions-with-downloads.json"

// maxDownload bounds what is downloaded and unpacked.
const maxDownload = 600 << 20

// chromeForTesting downloads the headless shell of the stable channel. The download is compared with the hash that the
// vendor's storage gives for it (x-goog-hash); without one, or with another, nothing is installed. The SHA-256 is recorded.
func (i Installer) chromeForTesting(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Minute)
	defer cancel()
	version, address, err := i.release(ctx)
	if err != nil {
		return err
	}
	root, err := i.cache()
	if err != nil {
		return err
	}
	i.say("no browser here: downloading Chrome for Testing %s", version)
	data, err := download(ctx, address)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	i.say("checked %d MB, SHA-256 %s", len(data)>>20, hex.EncodeToString(sum[:]))
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(root, ".unpack-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	program, err := unpack(data, temp)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(temp, "SHA256"), []byte(hex.EncodeToString(sum[:])+"\n"), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(temp, completeMark), []byte(program+"\n"), 0o644); err != nil {
		return err
	}
	target := filepath.Join(root, version)
	return errors.Join(os.Chmod(temp, 0o755), os.RemoveAll(target), os.Rename(temp, target))
}

// release asks the vendor for the present stable version and where it is.
func (i Installer) release(ctx context.Context) (version, address string, err error) {
	name, err := platform()
	if err != nil {
		return "", "", err
	}
	list := i.Versions
	if list == "" {
		list = knownGood
	}
	data, _, err := fetch(ctx, list, 1<<20)
	if err != nil {
		return "", "", err
	}
	var answer struct {
		Channels map[string]struct {
			Version   string `json:"version"`
			Downloads map[string][]struct {
				Platform string `json:"platform"`
				URL      string `json:"url"`
			} `json:"downloads"`
		} `json:"channels"`
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return "", "", fmt.Errorf("%s: %w", list, err)
	}
	stable := answer.Channels["Stable"]
	for _, d := range stable.Downloads["chrome-headless-shell"] {
		if d.Platform == name {
			return stable.Version, d.URL, nil
		}
	}
	return "", "", fmt.Errorf("%s names no chrome-headless-shell for %s", list, name)
}

func download(ctx context.Context, address string) ([]byte, error) {
	data, header, err := fetch(ctx, address, maxDownload)
	if err != nil {
		return nil, err
	}
	sum := md5.Sum(data) // the vendor publishes no other hash
	want := ""
	for _, value := range header.Values("X-Goog-Hash") {
		for part := range strings.SplitSeq(value, ",") {
			if text, ok := strings.CutPrefix(strings.TrimSpace(part), "md5="); ok {
				want = text
			}
		}
	}
	if got := base64.StdEncoding.EncodeToString(sum[:]); want == "" || got != want {
		return nil, fmt.Errorf("%s: the download has hash %s, expected %q: it is not used", address, got, want)
	}
	return data, nil
}

func fetch(ctx context.Context, address string, limit int64) ([]byte, http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("%s answered %s", address, res.Status)
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s is larger than %d MB", address, limit>>20)
	}
	return data, res.Header, err
}

// unpack writes the files of a zip below dir and returns the path of the browser in it. Names that lead out of dir are
// refused by os.Root.
func unpack(data []byte, dir string) (program string, err error) {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return "", err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", err
	}
	defer root.Close()
	want := "chrome-headless-shell"
	if runtime.GOOS == "windows" {
		want += ".exe"
	}
	left := int64(maxDownload)
	for _, f := range archive.File {
		if f.FileInfo().IsDir() {
			continue
		}
		if left -= int64(f.UncompressedSize64); left < 0 {
			return "", errors.New("the archive unpacks to too much")
		}
		if err := unpackFile(root, f); err != nil {
			return "", err
		}
		if filepath.Base(f.Name) == want {
			program = filepath.FromSlash(f.Name)
		}
	}
	if program == "" {
		return "", errors.New("the archive holds no " + want)
	}
	return program, nil
}

func unpackFile(root *os.Root, f *zip.File) error {
	name := filepath.FromSlash(f.Name)
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	in, err := f.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, f.Mode().Perm()|0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, io.LimitReader(in, int64(f.UncompressedSize64)))
	return errors.Join(err, out.Close())
}
