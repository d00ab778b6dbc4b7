package browser

import (
	"context"
	"encoding/json"
	"time"

	"github.com/go-rod/rod/lib/proto"
)

// block stops the loading of what the site's file does not need.
func (p *Page) block(ctx context.Context) error {
	types := map[string]proto.NetworkResourceType{
		"images": proto.NetworkResourceTypeImage, "fonts": proto.NetworkResourceTypeFont, "media": proto.NetworkResourceTypeMedia,
	}
	var patterns []*proto.FetchRequestPattern
	for _, what := range p.opts.Block {
		if t, ok := types[what]; ok {
			patterns = append(patterns, &proto.FetchRequestPattern{URLPattern: "*", ResourceType: t})
		}
	}
	if len(patterns) == 0 {
		return nil
	}
	return proto.FetchEnable{Patterns: patterns}.Call(p.at(ctx))
}

// refuseRequest answers a request that is not to be made.
func (p *Page) refuseRequest(e message) {
	var paused struct {
		RequestID proto.FetchRequestID `json:"requestId"`
	}
	if json.Unmarshal(e.Params, &paused) != nil {
		return
	}
	ctx, cancel := context.WithTimeout(p.gone, 10*time.Second)
	defer cancel()
	// A request that is gone already needs no answer.
	_ = proto.FetchFailRequest{RequestID: paused.RequestID, ErrorReason: proto.NetworkErrorReasonBlockedByClient}.
		Call(caller{p.b, ctx, proto.TargetSessionID(e.Session), p.gone})
}
