// Package browser drives headless Chrome. It is the only importer of rod, and of rod it uses what is sound: the typed
// messages of the protocol (lib/proto) and the keyboard (lib/input). rod's launcher, connection, pages and elements are not
// used: their waits ignore deadlines, report success on time-out, and fill read-only fields without a word (see
// traps_test.go, which holds this package to the opposite).
//
// What this package promises:
//
//   - Chrome runs with its sandbox on, talks through a pipe and listens on no port; as root it runs as an unprivileged user.
//   - Every operation ends when its context ends. If the browser itself hangs, a watchdog outside the connection kills it.
//   - An action is done only when it was proved: a fill is read back, a press met the element that was meant.
//   - A page answers in one evaluation: all rows, or all conditions, of one moment.
//   - Native dialogs, crashes, error statuses and cut-off documents are noticed and named.
package browser
