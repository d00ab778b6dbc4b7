package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"restock/bot"
	"restock/bot/config"
	"restock/state"
	"restock/state/jetstream"
)

// seen is where this machine notes how far it has seen a state on servers.
func (w *workshop) seen() string { return filepath.Join(w.config.Path(w.config.Data), "state.seen") }

// cluster looks whether the servers keep what they acknowledge.
func (d *doctor) cluster(ctx context.Context, store bot.Store) {
	h, err := state.Health(ctx, store)
	switch {
	case h == nil && err == nil:
	case err != nil:
		d.add("cluster", false, firstLine(err), "are all servers running? See `restock help cluster`")
	case h.Wrong() != "" && h.Risk:
		d.add("cluster", true, "the risk is accepted: "+h.Wrong(), "")
	default:
		d.add("cluster", h.Wrong() == "", cmp.Or(h.Wrong(), fmt.Sprintf("%d servers keep each of %d entries, and what they acknowledge", h.Replicas, h.Entries)), "see `restock help cluster`: nothing is sent until this is right")
	}
}

func (a *app) clusterCommand() *cobra.Command {
	c := &cobra.Command{Use: "cluster", Short: "The servers that keep the state of a restock on several machines"}
	status := &cobra.Command{
		Use:   "status",
		Short: "Show the servers, who has a copy, which machines work, and whether anything may be sent",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return a.clusterStatus(c.Context()) },
	}
	c.AddCommand(a.jsonFlag(status))
	return c
}

// clusterState is what `cluster status` tells.
type clusterState struct {
	*jetstream.Health
	May      bool          `json:"may_send"`
	Why      string        `json:"why,omitempty"`
	Machines []bot.Machine `json:"machines"`
}

// statusLimit is how long the state may take to answer: who asks how it is does not wait for a failover.
const statusLimit = 15 * time.Second

// clusterStatus tells how the servers are, also where the state does not answer.
func (a *app) clusterStatus(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, statusLimit)
	defer cancel()
	w, err := a.open(bounded, state.Reader)
	if err == nil { // the last server may take itself for the leader for a while
		if err = errors.Join(w.clusterStatus(bounded), w.close()); !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
	}
	c, loadErr := config.Load(a.config)
	if loadErr != nil || c.Cluster == nil {
		return err
	}
	address, addressErr := a.workshop(c).stateAddress()
	if addressErr != nil {
		return err
	}
	servers, askErr := state.Ask(ctx, address)
	if askErr != nil {
		return err
	}
	answer := 0
	for _, one := range servers {
		if one.Error == "" {
			answer++
		}
	}
	if !a.json {
		if err := a.printServers(servers); err != nil {
			return err
		}
	}
	if answer*2 > len(servers) {
		return err
	}
	return fmt.Errorf("%d of %d servers answer at their monitors, and the state needs more than half of them: %w. Start those that are away; if they run, give each of them http: in its "+
		"configuration, and say under cluster: monitors: where that is", answer, len(servers), err)
}

func (a *app) printServers(servers []jetstream.Server) error {
	tw := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "server\tversion\tkeeps what it acknowledges")
	for _, one := range servers {
		keeps := "yes"
		if one.Error != "" {
			keeps = "away: " + one.Error
		} else if !one.Sync {
			keeps = "NO: sync_interval: always is not set"
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\n", cmp.Or(one.Name, one.Monitor), cmp.Or(one.Version, "-"), keeps)
	}
	return tw.Flush()
}

func (w *workshop) clusterStatus(ctx context.Context) error {
	h, err := state.Health(ctx, w.store)
	if err != nil {
		return err
	}
	if h == nil {
		return usagef("the state is a file in %s: there is no cluster; see `restock help cluster`", w.config.Path(w.config.Data))
	}
	machines, err := w.ledger.Machines(ctx)
	if err != nil {
		return err
	}
	s := clusterState{Health: h, Why: h.Wrong(), May: h.Wrong() == "" || h.Risk, Machines: machines}
	if w.a.json {
		return errors.Join(w.a.printJSON(s), s.err())
	}
	if err := w.a.printServers(h.Servers); err != nil {
		return err
	}
	tw := tabwriter.NewWriter(w.a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "\ncopy\tleads\tstate")
	for _, m := range h.Members {
		leads, what := "", "has everything"
		if m.Leader {
			leads = "yes"
		}
		switch {
		case m.Offline:
			what = "offline"
		case !m.Current:
			what = fmt.Sprintf("%d entries behind", m.Lag)
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\n", m.Name, leads, what)
	}
	fmt.Fprintln(tw, "\nmachine\troles\tseen\twrites like")
	marks := map[string]bool{}
	for _, m := range machines {
		marks[m.Texts] = true
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", m.Name, m.Roles, m.Seen.In(w.config.Location).Format("15:04:05"), m.Texts)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	if len(marks) > 1 {
		w.a.print("\nThe machines do not write the same messages, so that they send none for each other: make shop:, smtp:, sms:, public:, texts and the program the same on all.")
	}
	if len(w.scheduled()) > 0 && !runsJobs(machines) {
		w.a.print("\nNo machine runs jobs: start `restock serve` with the role schedule on one.")
	}
	w.a.print("\n%d entries, %.1f MB, each on %d server(s). Sending is allowed: %t", h.Entries, float64(h.Bytes)/(1<<20), h.Replicas, s.May)
	return s.err()
}

func (s clusterState) err() error {
	if s.May {
		return nil
	}
	return &jetstream.Unsafe{Why: s.Why}
}
