package browser

import (
	"context"
	"errors"
	"time"

	"github.com/go-rod/rod/lib/proto"
)

// pierceEvery is how often a page is searched for closed shadow roots while something is not found: it costs as much as
// reading the whole document.
const pierceEvery = 2 * time.Second

// pierce tells the engine of closed shadow roots that stand in the page's source, and reports whether there were new ones.
// Those that scripts make are open to it anyway.
func (p *Page) pierce(ctx context.Context) (found bool, err error) {
	p.mu.Lock()
	recent := time.Since(p.pierced) < pierceEvery
	if !recent {
		p.pierced = time.Now()
	}
	p.mu.Unlock()
	if recent {
		return false, nil
	}
	doc, err := proto.DOMGetDocument{Depth: new(-1), Pierce: true}.Call(p.in(ctx))
	if err != nil {
		return false, p.unlessLeft(err)
	}
	defer func() { err = errors.Join(err, p.unlessLeft(proto.DOMDisable{}.Call(p.in(ctx)))) }() // else it reports every change from now on
	type pair struct{ host, root proto.DOMBackendNodeID }
	var pairs []pair
	eachNode(doc.Root, func(n *proto.DOMNode) {
		for _, root := range n.ShadowRoots {
			if root.ShadowRootType == proto.DOMShadowRootTypeClosed {
				pairs = append(pairs, pair{n.BackendNodeID, root.BackendNodeID})
			}
		}
	})
	if len(pairs) == 0 {
		return false, nil
	}
	world, err := p.enter(ctx)
	if err != nil {
		return false, p.unlessLeft(err)
	}
	for _, one := range pairs {
		if err := p.tell(ctx, world, one.host, one.root); err != nil {
			return false, p.unlessLeft(err)
		}
	}
	return true, nil
}

// tell gives the engine one closed root.
func (p *Page) tell(ctx context.Context, world proto.RuntimeExecutionContextID, nodes ...proto.DOMBackendNodeID) error {
	var args []*proto.RuntimeCallArgument
	for _, node := range nodes {
		resolved, err := proto.DOMResolveNode{BackendNodeID: node, ExecutionContextID: world}.Call(p.in(ctx))
		if err != nil {
			return err
		}
		args = append(args, &proto.RuntimeCallArgument{ObjectID: resolved.Object.ObjectID})
	}
	_, err := proto.RuntimeCallFunctionOn{
		FunctionDeclaration: "(host, root) => __restock.addClosed(host, root)", ExecutionContextID: world, Arguments: args,
	}.Call(p.in(ctx))
	return err
}

// unlessLeft drops the error of a document that went away: the next look finds the new one.
func (p *Page) unlessLeft(err error) error {
	if p.left(err) == errNavigated { //nolint:errorlint // left returns it bare
		return nil
	}
	return err
}
