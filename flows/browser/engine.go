package browser

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-rod/rod/lib/proto"

	"restock/bot"
	"restock/selectors"
)

//go:embed engine/*.js
var engineFiles embed.FS

// worldName names the isolated world in which the engine runs: it shares the page's elements, but none of its scripts.
const worldName = "restock"

// source is the engine, to be installed once in each document.
func source() (string, error) {
	var b strings.Builder
	b.WriteString("if (!globalThis.__restock) (() => {\n")
	for _, name := range []string{"match", "role", "name", "find", "read", "fetch", "act", "evidence", "snapshot", "traits", "run"} {
		text, err := engineFiles.ReadFile("engine/" + name + ".js")
		if err != nil {
			return "", err
		}
		b.Write(text)
	}
	b.WriteString("})()")
	return b.String(), nil
}

// request is what run.js understands.
type request struct {
	Do         string                `json:"do"`
	Watch      []selectors.Condition `json:"watch,omitempty"`
	Element    *selectors.Element    `json:"element,omitempty"`
	Rows       *selectors.Element    `json:"rows,omitempty"`
	Skip       []selectors.Element   `json:"skip,omitempty"`
	Row        *int                  `json:"row,omitempty"`
	Print      string                `json:"print,omitempty"`
	X          float64               `json:"x,omitempty"`
	Y          float64               `json:"y,omitempty"`
	Conditions []selectors.Condition `json:"conditions,omitempty"`
	Mask       []selectors.Element   `json:"mask,omitempty"`
	Hidden     *selectors.Hidden     `json:"hidden,omitempty"`
	Text       string                `json:"text,omitempty"`
	Attempt    int                   `json:"attempt,omitempty"`
	Point      bool                  `json:"point,omitempty"`
	Enabled    bool                  `json:"enabled,omitempty"`
	Editable   bool                  `json:"editable,omitempty"`
	Limit      int                   `json:"limit,omitempty"`
	Plan       *selectors.Plan       `json:"plan,omitempty"`
	Elements   []selectors.Element   `json:"elements,omitempty"`
	Addresses  []string              `json:"addresses,omitempty"`
}

// planRequest is a reading, with its plan's keys beside do.
type planRequest struct {
	Do    string                `json:"do"`
	Watch []selectors.Condition `json:"watch,omitempty"`
	selectors.Plan
}

// errNavigated is returned when the document went away under a request.
var errNavigated = errors.New("the page went on to another document")

// ask sends a request to the engine and decodes its answer. If the document is replaced meanwhile, it asks the new one.
func (p *Page) ask(ctx context.Context, req, out any) error {
	for {
		err := p.askOnce(ctx, req, out)
		if !errors.Is(err, errNavigated) {
			return err
		}
		if err := p.wait(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
}

func (p *Page) askOnce(ctx context.Context, req, out any) error {
	if err := p.Err(); err != nil {
		return err
	}
	if err := p.watchAround(ctx, req); err != nil {
		return err
	}
	world, err := p.enter(ctx)
	if err != nil {
		return err
	}
	arg, err := json.Marshal(req)
	if err != nil {
		return err
	}
	res, err := proto.RuntimeCallFunctionOn{
		FunctionDeclaration: engineCall, ExecutionContextID: world,
		Arguments:    []*proto.RuntimeCallArgument{{Value: jsonString(string(arg))}},
		AwaitPromise: true, ReturnByValue: true,
	}.Call(p.in(ctx))
	if err != nil {
		return p.left(err)
	}
	if res.ExceptionDetails != nil {
		return p.exception(res.ExceptionDetails)
	}
	err = decodeAnswer(res.Result, out)
	if errors.Is(err, errNoEngine) {
		if err = p.install(ctx, world); err == nil {
			return p.askOnce(ctx, req, out)
		}
	}
	return err
}

// engineCall hands a request to the engine and writes its answer as one text: that crosses the pipe far faster than an object.
const engineCall = `async (json) => {
	if (!globalThis.__restock) return '{"missing":true}';
	const text = JSON.stringify(await __restock.run(JSON.parse(json)));
	return text.length <= 33554432 ? text : '{"large":' + text.length + '}';
}`

// maxAnswer bounds what a page may answer at once; engineCall holds it to that.
const maxAnswer = 32 << 20 // characters

// watchAround looks for interruptions in the page around the frame that is worked in, where a request watches for them.
func (p *Page) watchAround(ctx context.Context, req any) error {
	var watch []selectors.Condition
	switch r := req.(type) {
	case request:
		watch = r.Watch
	case planRequest:
		watch = r.Watch
	}
	p.mu.Lock()
	scope := p.scope
	p.mu.Unlock()
	if scope.id == "" || len(watch) == 0 {
		return nil
	}
	p.setScope(frameRef{})
	defer p.setScope(scope)
	return p.askOnce(ctx, request{Do: "state", Watch: watch}, nil)
}

// errNoEngine is returned where a document was there before the engine could be given to it.
var errNoEngine = errors.New("the engine is not in this document")

func decodeAnswer(result *proto.RuntimeRemoteObject, out any) error {
	raw := []byte(result.Value.Str())
	var answer struct {
		Interrupted *int            `json:"interrupted"`
		Result      json.RawMessage `json:"result"`
		Missing     bool            `json:"missing"`
		Large       int             `json:"large"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return err
	}
	if answer.Missing {
		return errNoEngine
	}
	if answer.Large > 0 {
		return &bot.StepError{
			Class: bot.DataContract, Expected: fmt.Sprintf("an answer of at most %d MiB from one page", maxAnswer>>20),
			Found: fmt.Sprintf("%d MiB", answer.Large>>20), Hint: "filter the list, show fewer rows a page, or read fewer columns",
		}
	}
	if answer.Interrupted != nil {
		return &selectors.Interrupted{Index: *answer.Interrupted}
	}
	if out == nil || len(answer.Result) == 0 {
		return nil
	}
	return json.Unmarshal(answer.Result, out)
}

// exception explains what the engine could not do: nearly always a selector that the browser does not understand.
func (p *Page) exception(d *proto.RuntimeExceptionDetails) error {
	text := d.Text
	if d.Exception != nil {
		text = d.Exception.Description
	}
	text, _, _ = strings.Cut(text, "\n")
	if strings.Contains(text, "is not a valid selector") || strings.Contains(text, "XPath") || strings.Contains(text, "regular expression") {
		return &bot.StepError{
			Class: bot.Config, Expected: "a selector that the browser understands", Found: text,
			Hint: "correct it in the selector file; `restock check` shows the line",
		}
	}
	return &bot.StepError{Class: bot.BotBug, Expected: "the page engine to answer", Found: text, URL: p.url(), Hint: "report this as a defect of restock"}
}

// enter returns the isolated world of the document in the frame that is worked in.
func (p *Page) enter(ctx context.Context) (proto.RuntimeExecutionContextID, error) {
	p.mu.Lock()
	frame := p.frame
	if p.scope.id != "" {
		frame = p.scope.id
	}
	world, ok := p.worlds[frame]
	p.mu.Unlock()
	if ok {
		return world, nil
	}
	made, err := proto.PageCreateIsolatedWorld{FrameID: frame, WorldName: worldName}.Call(p.in(ctx))
	if err != nil {
		return 0, p.left(err)
	}
	p.mu.Lock()
	p.worlds[frame] = made.ExecutionContextID
	p.mu.Unlock()
	return made.ExecutionContextID, nil
}

// install puts the engine into a world.
func (p *Page) install(ctx context.Context, world proto.RuntimeExecutionContextID) error {
	text, err := source()
	if err != nil {
		return err
	}
	res, err := proto.RuntimeEvaluate{Expression: text, ContextID: world}.Call(p.in(ctx))
	if err != nil {
		return p.left(err)
	}
	if res.ExceptionDetails != nil {
		return p.exception(res.ExceptionDetails)
	}
	return nil
}

// left turns the protocol's ways of saying "that document is gone" into errNavigated and forgets its world.
func (p *Page) left(err error) error {
	protocol, ok := errors.AsType[*protocolError](err)
	if !ok {
		return err
	}
	for _, sign := range []string{"context", "navigated", "No frame", "Frame with the given id"} {
		if strings.Contains(protocol.Message, sign) {
			p.mu.Lock()
			clear(p.worlds)
			p.mu.Unlock()
			return errNavigated
		}
	}
	return err
}
