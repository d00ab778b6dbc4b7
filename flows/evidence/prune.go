package evidence

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"time"
)

// Keep says how much evidence is kept; whatever comes first ends it. 0 is no limit.
type Keep struct {
	Age  time.Duration
	Runs int
	Size int64 // bytes
}

// Prune removes the oldest evidence. The last good pictures stay: they are what later failures are compared with.
func Prune(root string, keep Keep, now time.Time) (removed int, err error) {
	entries, err := os.ReadDir(root)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	type run struct {
		path string
		at   time.Time
		size int64
	}
	var runs []run
	for _, e := range entries {
		info, infoErr := e.Info()
		if !e.IsDir() || e.Name() == "good" || infoErr != nil {
			continue
		}
		path := filepath.Join(root, e.Name())
		runs = append(runs, run{path, info.ModTime(), sizeOf(path)})
	}
	sort.Slice(runs, func(i, j int) bool { return runs[i].at.After(runs[j].at) }) // newest first
	var total int64
	for i, r := range runs {
		total += r.size
		old := keep.Age > 0 && now.Sub(r.at) > keep.Age
		if old || keep.Runs > 0 && i >= keep.Runs || keep.Size > 0 && total > keep.Size && i > 0 {
			if rmErr := os.RemoveAll(r.path); rmErr != nil {
				err = errors.Join(err, rmErr)
				continue
			}
			removed++
		}
	}
	return removed, err
}

func sizeOf(dir string) int64 {
	var n int64
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error { // what cannot be looked at counts nothing
		if err == nil && !d.IsDir() {
			if info, infoErr := d.Info(); infoErr == nil {
				n += info.Size()
			}
		}
		return nil
	})
	return n
}
