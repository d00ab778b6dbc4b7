package bounce

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"restock/bot"
)

// maxMessage bounds one message of a mailbox.
const maxMessage = 10 << 20

// Maildir reads the new messages of a Maildir and gives the reports to take. A report that was taken, and a message that is
// none, is moved to cur as seen; one that could not be taken stays, and is read again the next time.
func Maildir(dir, bounceTo string, now time.Time, take func(bot.Receipt) error) (taken, others int, err error) {
	files, err := os.ReadDir(filepath.Join(dir, "new"))
	if err != nil {
		return 0, 0, fmt.Errorf("the mailbox for bounces: %w; expected a Maildir with new and cur", err)
	}
	var errs []error
	for _, f := range files {
		path := filepath.Join(dir, "new", f.Name())
		raw, err := readFile(path)
		if err == nil {
			var r bot.Receipt
			if r, err = Parse(raw, bounceTo); err == nil {
				if err = take(received(r, now)); err == nil {
					taken++
				}
			} else if errors.Is(err, ErrOther) {
				others, err = others+1, nil
			}
		}
		if err == nil {
			err = os.Rename(path, filepath.Join(dir, "cur", f.Name()+":2,S"))
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	return taken, others, errors.Join(errs...)
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxMessage))
}

// Mbox reads the messages of a mailbox file behind a place, and returns the place behind the last one (RFC 4155). A file that
// has become shorter is read from its beginning.
func Mbox(path, bounceTo string, from int64, now time.Time, take func(bot.Receipt) error) (next int64, taken, others int, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return from, 0, 0, fmt.Errorf("the mailbox for bounces: %w", err)
	}
	if from > int64(len(data)) {
		from = 0
	}
	for _, raw := range messages(data[from:]) {
		r, err := Parse(raw, bounceTo)
		switch {
		case errors.Is(err, ErrOther):
			others++
		case err == nil:
			if err = take(received(r, now)); err != nil {
				return from, taken, others, err
			}
			taken++
		}
	}
	return int64(len(data)), taken, others, nil
}

// messages cuts a mailbox file at its "From " lines.
func messages(data []byte) [][]byte {
	var list [][]byte
	for part := range bytes.SplitSeq(append([]byte("\n"), data...), []byte("\nFrom ")) {
		if _, message, ok := bytes.Cut(part, []byte("\n")); ok && len(bytes.TrimSpace(message)) > 0 {
			list = append(list, bytes.ReplaceAll(message, []byte("\n>From "), []byte("\nFrom ")))
		}
	}
	return slices.Clip(list)
}
