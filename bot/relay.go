package bot

// relay is what one process has seen, in one run, of the servers that it gives messages to: of each channel.
type relay struct {
	stopped map[Channel]string // why no more may be sent
	inARow  map[Channel]int    // ambiguous ones, one after the other
	unclear map[Channel]int    // ambiguous ones
	clear   map[Channel]int    // accepted or refused
}

func newRelay() *relay {
	return &relay{stopped: map[Channel]string{}, inARow: map[Channel]int{}, unclear: map[Channel]int{}, clear: map[Channel]int{}}
}
