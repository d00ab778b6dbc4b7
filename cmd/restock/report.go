package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"restock/bot/report"
	"restock/selectors/strict"
)

// reportFlags are what a report is asked to be about.
type reportFlags struct {
	from, to, period, per, job, format, table, out string
}

func (a *app) reportCommand() *cobra.Command {
	var f reportFlags
	c := &cobra.Command{
		Use:   "report",
		Short: "Show what the notifications brought: told, clicked, bought, wanted",
		Long: "Show what the notifications brought, of a period by the shop's calendar: sign-ups, messages, clicks, purchases, the time from\n" +
			"restock to message, what was lost to a sell-out, what is wanted and should be ordered, compared with the period before.",
		Example: "  restock report --period month\n  restock report --from 2026-11-01 --to 2026-11-30 --per week --format html --out report.html\n" +
			"  restock report --format csv --table restocks",
		Args: cobra.NoArgs,
		RunE: a.withState(func(c *cobra.Command, w *workshop, _ []string) error {
			o, err := w.reportOptions(f)
			if err != nil {
				return err
			}
			r, err := report.Build(c.Context(), w.ledger, o)
			if err != nil {
				return err
			}
			return a.printReport(r, f)
		}),
	}
	flags := c.Flags()
	flags.StringVar(&f.from, "from", "", "First day, such as 2026-11-01")
	flags.StringVar(&f.to, "to", "", "Last day; default: today")
	flags.StringVar(&f.period, "period", "", "The day, week or month so far; default: the last 28 days")
	flags.StringVar(&f.per, "per", "day", "Figures by day, week or month")
	flags.StringVar(&f.job, "job", "", "Only this job")
	flags.StringVar(&f.format, "format", "table", "table, csv, xlsx, html or json")
	flags.StringVar(&f.table, "table", "", "Only one table: "+strings.Join(report.TableNames(), ", ")+"; csv has one only, periods by default")
	flags.StringVar(&f.out, "out", "", "File to write to; default: standard output")
	return a.jsonFlag(c)
}

// reportFormats lists the formats of a report.
func reportFormats() []string { return []string{"table", "csv", "xlsx", "html", "json"} }

// reportOn is what every report of this shop is made with; its period is still to be said.
func (w *workshop) reportOn(per, job string) report.Options {
	return report.Options{Zone: w.config.Location, Per: per, Job: job, Shop: w.config.Shop.Name, Windows: w.config.Windows(), Now: w.a.now().In(w.config.Location)}
}

// reportOptions reads the flags.
func (w *workshop) reportOptions(f reportFlags) (o report.Options, err error) {
	zone, now := w.config.Location, w.a.now()
	o = w.reportOn(f.per, f.job)
	for _, word := range []struct {
		flag, value string
		allowed     []string
	}{
		{"--per", f.per, report.Pers()},
		{"--period", f.period, append(report.Pers(), "")},
		{"--format", f.format, reportFormats()},
		{"--table", f.table, append(report.TableNames(), "")},
	} {
		if !slices.Contains(word.allowed, word.value) {
			return o, usagef("%s %q: expected %s", word.flag, word.value, strict.List(slices.DeleteFunc(word.allowed, func(s string) bool { return s == "" })))
		}
	}
	if f.job != "" {
		if _, err := w.config.Job(f.job); err != nil {
			return o, usagef("%w", err)
		}
	}
	if w.a.json && f.format != "table" && f.format != "json" {
		return o, usagef("--json beside --format %s: give one of them", f.format)
	}
	if f.table != "" && f.format != "table" && f.format != "csv" {
		return o, usagef("--table beside --format %s: only table and csv show one table", f.format)
	}
	if f.period != "" && (f.from != "" || f.to != "") {
		return o, usagef("--period beside --from or --to: give one of them")
	}
	o.From, o.To = report.Days(now, 28, zone)
	if f.period != "" {
		o.From, _ = report.Current(now, f.period, zone)
	}
	if f.to != "" {
		day, err := report.ParseDay(f.to, zone)
		if err != nil {
			return o, usagef("--to %w", err)
		}
		_, o.To = report.Days(day, 1, zone)
		o.From, _ = report.Days(day, 28, zone)
	}
	if f.from != "" {
		if o.From, err = report.ParseDay(f.from, zone); err != nil {
			return o, usagef("--from %w", err)
		}
	}
	if n := report.Count(o); n > report.MaxPeriods {
		return o, usagef("%d %ss are too many: give --per month, or a shorter time", n, o.Per)
	}
	if !o.From.Before(now) {
		return o, usagef("the period begins on %s, which is still to come", o.From.Format(time.DateOnly))
	}
	if !o.From.Before(o.To) {
		return o, usagef("--from %s is after --to %s", o.From.Format(time.DateOnly), o.To.Add(-time.Second).Format(time.DateOnly))
	}
	return o, nil
}

func (a *app) printReport(r report.Report, f reportFlags) (err error) {
	var b bytes.Buffer
	if a.json {
		f.format = "json"
	}
	switch f.format {
	case "csv":
		if f.table == "" {
			f.table = "periods"
		}
		err = r.WriteCSV(&b, f.table)
	case "xlsx":
		err = r.WriteXLSX(&b)
	case "html":
		err = r.WriteHTML(&b)
	case "json":
		inner := *a
		inner.stdout = &b
		err = inner.printJSON(r)
	default:
		err = r.WriteText(&b, f.table)
	}
	if err != nil {
		return err
	}
	if f.out != "" {
		return os.WriteFile(f.out, b.Bytes(), 0o600)
	}
	if t, ok := a.stdout.(*terminal); ok && (f.format == "xlsx" || f.format == "csv") {
		_, err = t.out.Write(b.Bytes()) // for programs, byte for byte; what could command a terminal is not in it
		return err
	}
	_, err = a.stdout.Write(b.Bytes())
	return err
}

// writeReport leaves a report as a page in a folder.
func (a *app) writeReport(r report.Report, folder string) error {
	var b bytes.Buffer
	if err := r.WriteHTML(&b); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "report.html"), b.Bytes(), 0o600)
}
