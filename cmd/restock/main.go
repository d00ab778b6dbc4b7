// Command restock tells customers when a product is back in stock. See the README, or run `restock help`.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"
)

func main() {
	debug.SetGCPercent(50) // the bot mostly waits: memory is dearer than time
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	a := &app{stdout: os.Stdout, stderr: os.Stderr, getenv: os.LookupEnv, now: time.Now}
	a.program, _ = os.Executable() // without it, nothing is checked by a second process
	code := a.main(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}
