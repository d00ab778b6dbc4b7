// Package journal keeps, beside the ledger, a plain file for each run with the messages that have left. Its notes are not
// forced to the disk, which makes them cheap: they survive the death of the process. What they prove after the death of the
// machine is less, and [Journals.Read] says so.
package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"restock/bot"
)

// Journals keeps the journals of a folder. It implements bot.Journals.
type Journals struct {
	Folder string
	// Boot names this start of the machine; "" where that cannot be told, and then a missing note proves nothing.
	Boot string
	// Keep says that what has ended stays, for `ledger audit`.
	Keep bool
	// Mark is added to the names of runs: another process of this machine keeps journals of the same runs.
	Mark string
}

// In returns the journals kept in a folder of this machine.
func In(folder string) Journals { return Journals{Folder: folder, Boot: boot()} }

// boot reads the kernel's name of this start (random(4)).
func boot() string {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// header is the first line of a file.
type header struct {
	Run  string `json:"run"`
	Boot string `json:"boot"`
}

// note is one further line.
type note struct {
	Key     string     `json:"key"`
	Attempt int        `json:"attempt"`
	State   bot.State  `json:"state,omitempty"` // "" for a message that leaves
	Reason  bot.Reason `json:"reason,omitempty"`
	Detail  string     `json:"detail,omitempty"`
}

func (j Journals) path(run string) (string, error) {
	if run == "" || strings.Trim(run, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return "", fmt.Errorf("%q is not the name of a run", run)
	}
	return filepath.Join(j.Folder, run+".log"), nil
}

// Create implements bot.Journals.
func (j Journals) Create(run string) (bot.Journal, error) {
	run += j.Mark
	path, err := j.path(run)
	if err == nil {
		err = os.MkdirAll(j.Folder, 0o700)
	}
	if err != nil {
		return nil, err
	}
	once := os.O_EXCL
	if j.Keep {
		once = 0 // parts of a run follow each other
	}
	f, err := os.OpenFile(path, os.O_CREATE|once|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	if !lock(f) {
		return nil, errors.Join(fmt.Errorf("the journal %s is in use", path), f.Close())
	}
	open := &Journal{file: f, keep: j.Keep}
	if size, err := f.Seek(0, io.SeekEnd); err == nil && size > 0 {
		return open, nil
	}
	if err := open.write(header{run, j.Boot}); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(path))
	}
	return open, nil
}

// Read implements bot.Journals.
func (j Journals) Read(run string) (bot.Trace, error) {
	t := bot.Trace{Left: map[string]bool{}, Done: map[string]bot.Delivery{}}
	path, err := j.path(run)
	if err != nil {
		return t, nil // no run of ours: nothing is known of it
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	if err != nil {
		return t, err
	}
	defer f.Close()
	ended := lock(f) // else its run stands still somewhere, and may go on
	data, err := io.ReadAll(f)
	if err != nil {
		return t, err
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	var h header
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &h) != nil || h.Run != run {
		return t, nil
	}
	t.Whole = ended && j.Boot != "" && h.Boot == j.Boot
	for lines.Scan() {
		var n note
		if json.Unmarshal(lines.Bytes(), &n) != nil || n.Key == "" {
			t.Whole = t.Whole && len(lines.Bytes()) == 0
			continue
		}
		attempt := bot.Attempted(n.Key, n.Attempt)
		t.Left[attempt] = true
		if n.State != "" {
			t.Done[attempt] = bot.Delivery{State: n.State, Reason: n.Reason, Detail: n.Detail}
		}
	}
	if lines.Err() != nil {
		t.Whole = false
	}
	return t, nil
}

// Remove implements bot.Journals.
func (j Journals) Remove(run string) error {
	path, err := j.path(run)
	if err != nil {
		return nil
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if !lock(f) {
		return nil // its run still writes into it
	}
	return os.Remove(path)
}

// Runs implements bot.Journals.
func (j Journals) Runs() ([]string, error) {
	files, err := filepath.Glob(filepath.Join(j.Folder, "*.log"))
	for i, f := range files {
		files[i] = strings.TrimSuffix(filepath.Base(f), ".log")
	}
	return files, err
}

// Journal is an open journal. It implements bot.Journal.
type Journal struct {
	mu     sync.Mutex
	file   *os.File
	keep   bool
	broken error
}

// write appends a line with one system call, so that a killed process leaves whole lines. After a failure nothing more is
// written: a note behind half a line would not be read.
func (j *Journal) write(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken == nil {
		_, j.broken = j.file.Write(append(line, '\n'))
	}
	return j.broken
}

// Leave implements bot.Journal.
func (j *Journal) Leave(key string, attempt int) error {
	return j.write(note{Key: key, Attempt: attempt})
}

// Done implements bot.Journal.
func (j *Journal) Done(key string, attempt int, d bot.Delivery) error {
	return j.write(note{key, attempt, d.State, d.Reason, d.Detail})
}

// Close implements bot.Journal.
func (j *Journal) Close() error { return j.file.Close() }

// End implements bot.Journal.
func (j *Journal) End() error {
	if j.keep {
		return j.file.Close()
	}
	return errors.Join(j.file.Close(), os.Remove(j.file.Name()))
}
