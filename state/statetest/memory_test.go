package statetest_test

import (
	"testing"

	"restock/bot"
	"restock/state/statetest"
)

func TestStore(t *testing.T) {
	statetest.Exercise(t, func(*testing.T) bot.Store { return &statetest.Memory{} })
}
