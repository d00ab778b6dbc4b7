// Package jetstream keeps the state in NATS JetStream, for a bot on several machines. It is the only importer of nats.go.
//
// One stream holds everything: a message for each entry, under a subject made of its table and key; the sequence of the message is
// the entry's revision, and a write says which sequence must stand there now. Several writes go as one atomic batch, so that all of
// them are done or none: a prefix is never cut in two by a lost connection. A deleted entry leaves a mark that vanishes after a
// while. Reads go to the leader.
//
// An answer that does not come says nothing: the write may be done, or may be done later. Each write carries a token, so that it can
// be repeated without being done twice, and found out about; it is repeated for as long as a failover takes.
//
// A stream is made once, by [Create]. [Open] refuses one that is missing or foreign: a new one would have forgotten who was told.
// Whether the servers keep what they have acknowledged, which is not how they are set up by default, is asked by [Health].
package jetstream
