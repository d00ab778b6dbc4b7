//go:build !linux

package browser

// What only /proc tells is not known here.

func startOf(int) string { return "" }

func (b *Browser) memory() int64 { return 0 }

// Sandboxed cannot be looked at on this system; Chrome itself refuses to start without its sandbox.
func (b *Browser) Sandboxed() (found string, ok bool) { return "not looked at on this system", true }

// KillOrphans does nothing here: browsers end by themselves when their pipe does.
func KillOrphans() int { return 0 }

// Orphans are not known here.
func Orphans() int { return 0 }

// Processes is not known here.
func Processes(int) int { return 0 }
