package browser

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"sync"
	"time"
)

// pipe is Chrome's --remote-debugging-pipe: JSON messages that end in a zero byte. When either end dies, the other reads the end of the file, so no browser outlives the bot and no port is open.
type pipe struct {
	in  *os.File // to Chrome
	out *bufio.Reader
	rc  io.Closer

	mu sync.Mutex
}

// sendLimit bounds a write: a stopped browser does not empty its pipe.
const sendLimit = 10 * time.Second

func newPipe(in, out *os.File) *pipe {
	return &pipe{in: in, out: bufio.NewReaderSize(out, 1<<16), rc: out}
}

// Send writes one message.
func (p *pipe) Send(data []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.in.SetWriteDeadline(time.Now().Add(sendLimit)); err != nil {
		return err
	}
	_, err := p.in.Write(append(data, 0))
	return err
}

// Read returns the next message.
func (p *pipe) Read() ([]byte, error) {
	data, err := p.out.ReadBytes(0)
	if err != nil {
		return nil, errors.Join(errGone, err)
	}
	return bytes.TrimSuffix(data, []byte{0}), nil
}

func (p *pipe) close() { _ = errors.Join(p.in.Close(), p.rc.Close()) }
