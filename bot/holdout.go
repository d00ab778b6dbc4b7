package bot

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// Holdout tells a few of those who wait later than the others, by lot. What they buy until then would have been bought anyway: the
// difference is what the messages brought.
type Holdout struct {
	Percent int
	For     time.Duration
}

// apply draws the lot of a notification. It is the same for the same wish in the same restock, whoever plans it. A place that was
// kept is not put off again.
func (h Holdout) apply(n *Notification) {
	if h.Percent == 0 || n.Subscription.Kept {
		return
	}
	sum := sha256.Sum256([]byte("holdout/1/" + n.Key))
	if binary.BigEndian.Uint64(sum[:])%100 >= uint64(h.Percent) {
		return
	}
	n.Due, n.NotAfter = n.Due.Add(h.For), n.NotAfter.Add(h.For)
	n.Holdout, n.Reason = n.Due, InHoldout
}
