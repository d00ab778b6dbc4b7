package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"restock/selectors"
	"restock/selectors/recording"
)

func (a *app) importCommand() *cobra.Command {
	var out string
	var o recording.Options
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Make a selector file from a recording or from UiPath selectors",
		Long: "Make a selector file from a recording of Chrome DevTools (Recorder, exported as JSON) or Selenium IDE (.side), or from\n" +
			"UiPath selectors, one <html … /><webctrl … /> a line. Alternatives are ranked; those that match too much or will not last\n" +
			"are left out with the reason. Passwords become ${secret:…} and are never written.",
		Example: "  restock import recording.json --site crm --out sites/crm.yaml\n  restock import project.side --flow followup",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if o.Flow != "" && o.Flow != "stock" && o.Flow != "subscribers" && o.Flow != "followup" {
				return usagef("--flow %s: expected stock, subscribers or followup", o.Flow)
			}
			info, err := os.Stat(args[0])
			if err != nil {
				return err
			}
			if info.Size() > 20<<20 {
				return fmt.Errorf("%s has %d bytes: expected at most 20 MiB", args[0], info.Size())
			}
			data, err := os.ReadFile(args[0])
			if err != nil {
				return err
			}
			text, err := recording.Import(args[0], data, o)
			if err != nil {
				return err
			}
			if _, err := selectors.Load(args[0], text); err != nil {
				return fmt.Errorf("the recording gives a file that is not right, which is a defect of restock: %w", err)
			}
			if out == "" {
				a.print("%s", text)
				return nil
			}
			if err := writeNew(out, text); err != nil {
				return err
			}
			a.say("made %s. Next: do what stands behind TO DO, then `restock check --live %s`", out, out)
			return nil
		},
	}
	c.Flags().StringVarP(&out, "out", "o", "", "File to write (default: print it)")
	c.Flags().StringVar(&o.Site, "site", "", "Name of the site (default: from its address)")
	c.Flags().StringVar(&o.Flow, "flow", "", "What the steps after the log-in are for: stock (default), subscribers, followup")
	return c
}
