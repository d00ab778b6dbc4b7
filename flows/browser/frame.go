package browser

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-rod/rod/lib/proto"

	"restock/bot"
	"restock/selectors"
)

// frameRef is a frame, and the session that reaches it where it lives in a process of its own.
type frameRef struct {
	id      proto.PageFrameID
	session proto.TargetSessionID
	names   []string // name, id, title, address
	x, y    float64  // of its contents in the window
}

// Frame makes a frame the place where everything is looked for, until it is called with "" or the page goes elsewhere. The
// name is that of the frame, its id, its title or its address.
func (p *Page) Frame(ctx context.Context, name string) error {
	if name == "" {
		p.setScope(frameRef{})
		return nil
	}
	for attempt := 0; ; attempt++ {
		ref, others, err := p.findFrame(ctx, name)
		if err != nil {
			return p.broken(err)
		}
		if ref.id != "" {
			p.setScope(ref)
			return nil
		}
		if err := p.wait(ctx, ladder(attempt)+20*time.Millisecond); err != nil {
			if ctx.Err() == nil {
				return p.broken(err)
			}
			found := "no frames"
			if len(others) > 0 {
				found = "frames named " + strings.Join(others, "; ")
			}
			return &bot.StepError{
				Class: bot.PageChanged, URL: p.url(), Expected: fmt.Sprintf("one frame %q", name), Found: found,
				Hint: "a frame is known by its name, id, title or address; * stands for anything",
			}
		}
	}
}

func (p *Page) setScope(ref frameRef) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.scope = ref
}

// findFrame looks for the one frame with a name.
func (p *Page) findFrame(ctx context.Context, name string) (ref frameRef, others []string, err error) {
	pattern, err := selectors.Pattern(name)
	if err != nil {
		return ref, nil, err
	}
	list, err := p.frames(ctx)
	var found []frameRef
	for _, f := range list {
		for _, n := range f.names {
			if pattern.MatchString(n) {
				found = append(found, f)
				break
			}
		}
		others = append(others, strings.Join(f.names, ", "))
	}
	if len(found) != 1 || err != nil {
		return ref, others, err
	}
	return found[0], nil, nil
}

// frames lists all frames below the main one.
func (p *Page) frames(ctx context.Context) ([]frameRef, error) {
	p.mu.Lock()
	sessions := map[proto.TargetTargetID]proto.TargetSessionID{}
	for target, session := range p.sessions {
		sessions[target] = session
	}
	main := p.session
	p.mu.Unlock()
	list, err := p.framesOf(ctx, main, sessions, 0, 0)
	return list, err
}

// framesOf lists the frames of one process, and those of others inside them. x and y are where its contents begin.
func (p *Page) framesOf(ctx context.Context, session proto.TargetSessionID, sessions map[proto.TargetTargetID]proto.TargetSessionID, x, y float64) (list []frameRef, err error) {
	c := caller{p.b, ctx, session, p.gone}
	if err := (proto.DOMEnable{}).Call(c); err != nil {
		return nil, err
	}
	doc, err := proto.DOMGetDocument{Depth: new(-1), Pierce: true}.Call(c)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, proto.DOMDisable{}.Call(c)) }() // else it reports every change from now on
	owners := map[proto.PageFrameID]*proto.DOMNode{}
	eachNode(doc.Root, func(n *proto.DOMNode) {
		if n.FrameID != "" && (n.NodeName == "IFRAME" || n.NodeName == "FRAME") {
			owners[n.FrameID] = n
		}
	})
	tree, err := proto.PageGetFrameTree{}.Call(c)
	if err != nil {
		return nil, err
	}
	urls := map[proto.PageFrameID]*proto.PageFrame{}
	eachFrame(tree.FrameTree, func(f *proto.PageFrame) { urls[f.ID] = f })
	for id, owner := range owners {
		ref := frameRef{id: id, session: session, names: attributes(owner, "name", "id", "title")}
		if f := urls[id]; f != nil {
			ref.names = append(ref.names, f.URL)
		}
		ref.x, ref.y = x, y
		inner, apart := sessions[proto.TargetTargetID(id)]
		if apart {
			ref.session = inner
			if ref.names = append(ref.names, attributes(owner, "src")...); len(ref.names) == 0 {
				ref.names = []string{string(id)}
			}
		}
		if box, err := (proto.DOMGetBoxModel{BackendNodeID: owner.BackendNodeID}).Call(c); err == nil && len(box.Model.Content) > 1 {
			ref.x, ref.y = x+box.Model.Content[0], y+box.Model.Content[1]
		}
		list = append(list, ref)
		if apart {
			more, err := p.framesOf(ctx, inner, sessions, ref.x, ref.y)
			if err != nil {
				return nil, err
			}
			list = append(list, more...)
		}
	}
	return list, nil
}

func attributes(n *proto.DOMNode, names ...string) []string {
	var values []string
	for i := 0; i+1 < len(n.Attributes); i += 2 {
		for _, name := range names {
			if n.Attributes[i] == name && n.Attributes[i+1] != "" {
				values = append(values, n.Attributes[i+1])
			}
		}
	}
	return values
}

func eachFrame(t *proto.PageFrameTree, f func(*proto.PageFrame)) {
	f(t.Frame)
	for _, child := range t.ChildFrames {
		eachFrame(child, f)
	}
}

// eachNode visits a node, its shadow roots and the documents of frames in the same process.
func eachNode(n *proto.DOMNode, f func(*proto.DOMNode)) {
	if n == nil {
		return
	}
	f(n)
	for _, child := range n.Children {
		eachNode(child, f)
	}
	for _, root := range n.ShadowRoots {
		eachNode(root, f)
	}
	eachNode(n.ContentDocument, f)
}

// enterFrameOf works in the frame that an element names, where it cannot be reached from the main one. leave goes back.
func (p *Page) enterFrameOf(ctx context.Context, e *selectors.Element) (inside *selectors.Element, leave func(), err error) {
	leave = func() {}
	name := frameOf(e)
	p.mu.Lock()
	before := p.scope
	p.mu.Unlock()
	if name == "" || before.id != "" {
		return e, leave, nil
	}
	ref, _, err := p.findFrame(ctx, name)
	if err != nil || ref.id == "" {
		return e, leave, err
	}
	p.setScope(ref)
	bare := *e
	bare.Alternatives = append([]selectors.Target{}, e.Alternatives...)
	for i := range bare.Alternatives {
		bare.Alternatives[i].Frame = ""
	}
	return &bare, func() { p.setScope(before) }, nil
}

// frameOf returns the frame that all alternatives of an element name.
func frameOf(e *selectors.Element) string {
	if e == nil || len(e.Alternatives) == 0 {
		return ""
	}
	name := e.Alternatives[0].Frame
	for _, t := range e.Alternatives {
		if t.Frame != name {
			return ""
		}
	}
	return name
}

// resolveFrames answers the parts of conditions that look into named frames, so that what is left can be answered by the
// main one alone.
func (p *Page) resolveFrames(ctx context.Context, conditions []selectors.Condition) ([]selectors.Condition, error) {
	list := make([]selectors.Condition, len(conditions))
	for i, c := range conditions {
		resolved, err := p.resolveFrame(ctx, c)
		if err != nil {
			return nil, err
		}
		list[i] = resolved
	}
	return list, nil
}

func (p *Page) resolveFrame(ctx context.Context, c selectors.Condition) (selectors.Condition, error) {
	holds := func(e *selectors.Element, leaf selectors.Condition) (bool, error) {
		inside, leave, err := p.enterFrameOf(ctx, e)
		defer leave()
		if err != nil {
			return false, err
		}
		switch {
		case leaf.Visible != nil:
			leaf.Visible = inside
		case leaf.Value != nil:
			leaf.Value = &selectors.ValueIs{Of: *inside, Is: leaf.Value.Is}
		}
		var out struct {
			Seen []bool `json:"seen"`
		}
		err = p.ask(ctx, request{Do: "see", Conditions: []selectors.Condition{leaf}}, &out)
		return err == nil && out.Seen[0], err
	}
	and := func(b bool) {
		if c.Const == nil || *c.Const {
			c.Const = &b
		}
	}
	if frameOf(c.Visible) != "" {
		ok, err := holds(c.Visible, selectors.Condition{Visible: c.Visible})
		if err != nil {
			return c, err
		}
		c.Visible = nil
		and(ok)
	}
	if frameOf(c.Hidden) != "" {
		ok, err := holds(c.Hidden, selectors.Condition{Visible: c.Hidden})
		if err != nil {
			return c, err
		}
		c.Hidden = nil
		and(!ok)
	}
	if c.Value != nil && frameOf(&c.Value.Of) != "" {
		ok, err := holds(&c.Value.Of, selectors.Condition{Value: c.Value})
		if err != nil {
			return c, err
		}
		c.Value = nil
		and(ok)
	}
	var err error
	if c.Any, err = p.resolveFrames(ctx, c.Any); err != nil {
		return c, err
	}
	if c.All, err = p.resolveFrames(ctx, c.All); err != nil {
		return c, err
	}
	if c.Not != nil {
		not, err := p.resolveFrame(ctx, *c.Not)
		if err != nil {
			return c, err
		}
		c.Not = &not
	}
	return c, nil
}
