package flows

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"restock/bot"
)

// writeTrail writes failure.json (the failure, for programs) and steps.txt (what was done before it, for people).
func writeTrail(dir string, v *visit, failed *bot.StepError, captured error) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	data, err := json.MarshalIndent(failed, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "failure.json"), []byte(bot.Redact(string(data))+"\n"), 0o600); err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", failed)
	for _, line := range v.trail {
		fmt.Fprintln(&b, bot.Redact(line))
	}
	fmt.Fprintf(&b, "%s FAILED: %s\n", v.stamp(), failed.Step)
	if captured != nil {
		fmt.Fprintf(&b, "\nnot everything could be captured: %v\n", captured)
	}
	return os.WriteFile(filepath.Join(dir, "steps.txt"), []byte(b.String()), 0o600)
}
