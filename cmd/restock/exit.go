package main

import (
	"errors"
	"fmt"
	"strings"

	"restock/bot"
	"restock/selectors/strict"
)

// usageError is a wrong command line.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }

func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// silent is an error whose text was printed already.
type silent struct{ code int }

func (e *silent) Error() string { return fmt.Sprintf("exit %d", e.code) }

func exitCode(err error) int {
	if _, ok := errors.AsType[*bot.LockedError](err); ok {
		return exitLocked
	}
	if _, ok := errors.AsType[*usageError](err); ok || isUsage(err) {
		return exitUsage
	}
	if _, ok := errors.AsType[strict.Findings](err); ok {
		return exitFindings
	}
	if bot.OnlyHeld(err) {
		return exitHeld
	}
	return exitFailed
}

// isUsage recognises what cobra says about verbs that do not exist; it has no type for it.
func isUsage(err error) bool { return strings.HasPrefix(err.Error(), "unknown command") }
