package evidence

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// maxPacked bounds what is packed and unpacked of one run.
const maxPacked = 64 << 20

// Pack returns the failures of a run whose folders a filter takes, for another machine. It is nil where there are none.
func Pack(dir string, take func(folder string) bool) ([]byte, error) {
	var packed bytes.Buffer
	compress := gzip.NewWriter(&packed)
	archive := tar.NewWriter(compress)
	size, n := int64(0), 0
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, file)
		if err != nil || d.IsDir() || !d.Type().IsRegular() {
			return err
		}
		folder, _, inside := strings.Cut(filepath.ToSlash(name), "/")
		if !inside || !take(folder) || strings.HasSuffix(name, ".tmp") {
			return nil
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if size += int64(len(data)); size > maxPacked {
			return fmt.Errorf("%s is larger than %d MB", dir, maxPacked>>20)
		}
		n++
		if err := archive.WriteHeader(&tar.Header{Name: filepath.ToSlash(name), Mode: 0o600, Size: int64(len(data))}); err != nil {
			return err
		}
		_, err = archive.Write(data)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err = errors.Join(err, archive.Close(), compress.Close()); err != nil || n == 0 {
		return nil, err
	}
	return packed.Bytes(), nil
}

// Unpack adds the failures that another machine has packed to the folder of a run, and writes its page anew. What is there stays.
func Unpack(dir string, packed []byte) error {
	compress, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	archive := tar.NewReader(io.LimitReader(compress, maxPacked+maxPacked/8))
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return Compose(dir)
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg || !filepath.IsLocal(h.Name) {
			return fmt.Errorf("the evidence of another machine holds %q, which is no file of it", h.Name)
		}
		data, err := io.ReadAll(archive)
		if err != nil {
			return err
		}
		if err := unpackOne(root, h.Name, data); err != nil {
			return err
		}
	}
}

func unpackOne(root *os.Root, name string, data []byte) error {
	if err := root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
