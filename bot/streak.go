package bot

import "time"

// Streak is how the last runs of a job ended.
type Streak struct {
	Failures int       `json:"failures"`        // in a row
	Class    Class     `json:"class,omitempty"` // of the last one
	Since    time.Time `json:"since,omitzero"`  // first of them
	Told     int       `json:"told"`            // failures when somebody was told last
}
