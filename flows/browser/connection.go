package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
)

// connection sends protocol messages and sorts what comes back: answers to their callers, events to one function. It
// stands in for rod's cdp client, which panics on a message that it cannot decode, and whose package reads the program's
// command line when it is imported.
type connection struct {
	pipe *pipe

	mu      sync.Mutex
	last    int
	waiting map[int]chan message // by ID of the request
	ended   error
}

// message is a request, an answer or an event.
type message struct {
	ID      int             `json:"id,omitempty"`
	Session string          `json:"sessionId,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *protocolError  `json:"error,omitempty"`
}

// protocolError is Chrome's refusal of a request.
type protocolError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Data    string `json:"data"`
}

func (e *protocolError) Error() string { return fmt.Sprintf("%s (code %d)", e.Message, e.Code) }

func newConnection(p *pipe) *connection { return &connection{pipe: p, waiting: map[int]chan message{}} }

// read hands out what comes until the pipe ends, and returns why it ended. event must not wait.
func (c *connection) read(event func(message)) error {
	for {
		data, err := c.pipe.Read()
		var m message
		if err == nil {
			err = json.Unmarshal(data, &m)
		}
		if err != nil {
			c.end(err)
			return err
		}
		if m.ID == 0 {
			event(m)
			continue
		}
		c.mu.Lock()
		answer := c.waiting[m.ID]
		delete(c.waiting, m.ID)
		c.mu.Unlock()
		if answer != nil { // else its caller has given up
			answer <- m
		}
	}
}

// end answers all that wait.
func (c *connection) end(why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = why
	for id, answer := range c.waiting {
		close(answer)
		delete(c.waiting, id)
	}
}

// call sends a request and waits for the answer, at most until the context ends.
func (c *connection) call(ctx context.Context, session, method string, params any) ([]byte, error) {
	body, err := json.Marshal(params)
	if err != nil {
		return nil, err
	}
	answer := make(chan message, 1)
	c.mu.Lock()
	if c.ended != nil {
		defer c.mu.Unlock()
		return nil, c.ended
	}
	c.last++
	id := c.last
	c.waiting[id] = answer
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.waiting, id)
		c.mu.Unlock()
	}()
	data, err := json.Marshal(message{ID: id, Session: session, Method: method, Params: body})
	if err == nil {
		err = c.pipe.Send(data)
	}
	if err != nil {
		return nil, err
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case m, ok := <-answer:
		switch {
		case !ok:
			return nil, errGone
		case m.Error != nil:
			return nil, m.Error
		}
		return m.Result, nil
	}
}
