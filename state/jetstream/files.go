package jetstream

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Keep says how long files are kept for other machines, and how many bytes of them; the oldest go first.
type Keep struct {
	Age  time.Duration
	Size int64
}

// filesLimit bounds one file: it is sent in many parts.
const filesLimit = 30 * time.Second

// bucket is the object store beside the state. It is made when the first file is kept.
func (s *Store) bucket() string { return s.o.Name + "-evidence" }

// PutFile keeps a file for the other machines.
func (s *Store) PutFile(ctx context.Context, name string, data []byte, keep Keep) error {
	ctx, cancel := context.WithTimeout(ctx, filesLimit)
	defer cancel()
	files, err := s.js.CreateOrUpdateObjectStore(ctx, jetstream.ObjectStoreConfig{
		Bucket: s.bucket(), Description: "what failed runs of restock left", TTL: keep.Age, MaxBytes: keep.Size + keep.Size/4, Replicas: s.o.Replicas, Storage: jetstream.FileStorage,
	})
	if err != nil {
		return err
	}
	list, err := files.List(ctx)
	if err != nil && !errors.Is(err, jetstream.ErrNoObjectsFound) {
		return err
	}
	slices.SortFunc(list, func(a, b *jetstream.ObjectInfo) int { return b.ModTime.Compare(a.ModTime) })
	total := int64(len(data))
	for _, f := range list { // the newest first
		if total += int64(f.Size); total > keep.Size && f.Name != name { //nolint:gosec // no file has 2^63 bytes
			if err := files.Delete(ctx, f.Name); err != nil && !errors.Is(err, jetstream.ErrObjectNotFound) {
				return err
			}
		}
	}
	_, err = files.PutBytes(ctx, name, data)
	return err
}

// Files lists the files whose names begin with a prefix.
func (s *Store) Files(ctx context.Context, prefix string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, filesLimit)
	defer cancel()
	files, err := s.js.ObjectStore(ctx, s.bucket())
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	list, err := files.List(ctx)
	if err != nil && !errors.Is(err, jetstream.ErrNoObjectsFound) {
		return nil, err
	}
	var names []string
	for _, f := range list {
		if strings.HasPrefix(f.Name, prefix) {
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// File reads a file that a machine has kept for the others.
func (s *Store) File(ctx context.Context, name string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, filesLimit)
	defer cancel()
	files, err := s.js.ObjectStore(ctx, s.bucket())
	if err != nil {
		return nil, err
	}
	return files.GetBytes(ctx, name)
}
