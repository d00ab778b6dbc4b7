package bot

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Quiet are the hours in which nobody is told over some channels, by the clock of the recipient. The zero value has none.
type Quiet struct {
	From, To time.Duration // since midnight; To may be smaller: over midnight
	Channels []Channel     // empty: all
	Zone     *time.Location
}

// now reports whether it is quiet for a subscription.
func (q Quiet) now(n *Notification, at time.Time) bool {
	if q.From == q.To || len(q.Channels) > 0 && !slices.Contains(q.Channels, n.Channel) {
		return false
	}
	zone := cmp.Or(ZoneOf(n.Subscription.Fields), q.Zone, time.UTC)
	local := at.In(zone)
	clock := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute + time.Duration(local.Second())*time.Second
	if q.From > q.To { // over midnight
		return clock >= q.From || clock < q.To
	}
	return clock >= q.From && clock < q.To
}

// ZoneOf finds the time zone of a customer in further columns of the CRM: zone (IANA), state or postcode of Australia. nil
// where they say nothing.
func ZoneOf(fields map[string]string) *time.Location {
	if zone, err := time.LoadLocation(strings.TrimSpace(fields["zone"])); err == nil && strings.Contains(fields["zone"], "/") {
		return zone
	}
	name := stateZone(strings.ToUpper(strings.TrimSpace(fields["state"])))
	if name == "" {
		name = stateZone(postcodeState(strings.TrimSpace(fields["postcode"])))
	}
	if name == "" {
		return nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	return zone
}

func stateZone(state string) string {
	switch state {
	case "NSW", "NEW SOUTH WALES", "ACT", "AUSTRALIAN CAPITAL TERRITORY":
		return "Australia/Sydney"
	case "VIC", "VICTORIA":
		return "Australia/Melbourne"
	case "TAS", "TASMANIA":
		return "Australia/Hobart"
	case "QLD", "QUEENSLAND":
		return "Australia/Brisbane"
	case "SA", "SOUTH AUSTRALIA":
		return "Australia/Adelaide"
	case "NT", "NORTHERN TERRITORY":
		return "Australia/Darwin"
	case "WA", "WESTERN AUSTRALIA":
		return "Australia/Perth"
	}
	return ""
}

// postcodeState is the state of an Australian postcode (Australia Post's ranges of delivery areas and post boxes). Broken Hill
// (2880) keeps the time of South Australia.
func postcodeState(code string) string {
	n, err := strconv.Atoi(code)
	if err != nil || len(code) < 3 || len(code) > 4 {
		return ""
	}
	switch {
	case n == 2880:
		return "SA"
	case n >= 200 && n < 300, n >= 2600 && n <= 2618, n >= 2900 && n <= 2920:
		return "ACT"
	case n >= 800 && n < 1000:
		return "NT"
	case n >= 1000 && n < 3000:
		return "NSW"
	case n >= 3000 && n < 4000, n >= 8000 && n < 9000:
		return "VIC"
	case n >= 4000 && n < 5000, n >= 9000 && n < 10000:
		return "QLD"
	case n >= 5000 && n < 6000:
		return "SA"
	case n >= 6000 && n < 7000:
		return "WA"
	case n >= 7000 && n < 8000:
		return "TAS"
	}
	return ""
}
