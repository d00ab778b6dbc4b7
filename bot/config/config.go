// Package config reads restock.yaml into plain data. Every problem is reported at once with file:line:column. Secrets are
// never in the file: a value names one as ${secret:NAME}, and [Secrets] looks it up.
package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"restock/bot"
	"restock/bot/schedule"
	"restock/selectors"
	"restock/selectors/strict"
)

// FileName is the name of the configuration in its folder.
const FileName = "restock.yaml"

// Config is restock.yaml.
type Config struct {
	strict.Pos
	Version int      `yaml:"version,required"` // 1
	Data    string   `yaml:"data"`             // folder for the state and the evidence; default: data
	Sites   string   `yaml:"sites"`            // folder with the selector files; default: sites
	Zone    string   `yaml:"zone"`             // IANA time zone of the schedule and of what is written; default: Australia/Sydney
	Shop    Shop     `yaml:"shop"`
	Texts   string   `yaml:"templates"` // folder with texts in place of ours
	SMTP    *SMTP    `yaml:"smtp"`
	SMS     *SMS     `yaml:"sms"`
	Browser Browser  `yaml:"browser"`
	Guards  *Guards  `yaml:"guards"` // of all jobs; a job can have its own
	Limits  *Limits  `yaml:"limits"` // of all jobs; a job can have its own
	Waves   *Waves   `yaml:"waves"`  // of all jobs; a job can have its own
	Enough  *Enough  `yaml:"enough"` // of all jobs; a job can have its own
	Quiet   *Quiet   `yaml:"quiet"`  // of all jobs; a job can have its own
	Public  *Public  `yaml:"public"`
	Bounces *Bounces `yaml:"bounces"`
	Reports []Report `yaml:"reports"`
	Admin   *Admin   `yaml:"admin"`
	Cluster *Cluster `yaml:"cluster"`

	Attribution *Attribution `yaml:"attribution"`

	Retention time.Duration `yaml:"retention"` // who was told is forgotten after this; default 9600h (400 days)

	Evidence Evidence `yaml:"evidence"`
	Alerts   *Alerts  `yaml:"alerts"`
	Jobs     []Job    `yaml:"jobs,required"`

	Folder   string         `yaml:"-"` // that the file is in; relative paths start there
	Location *time.Location `yaml:"-"`
}

// Shop is what the messages say about the sender.
type Shop struct {
	strict.Pos
	Name        string `yaml:"name"`
	Product     string `yaml:"product"` // address of a product's page, with {sku} in it
	Contact     string `yaml:"contact"`
	Unsubscribe string `yaml:"unsubscribe"`
}

// SMTP is the mail server.
type SMTP struct {
	strict.Pos
	Host     string             `yaml:"host,required"`
	Port     int                `yaml:"port,required"`
	TLS      string             `yaml:"tls"` // starttls (default), implicit; none towards loopback only, where it is the default
	User     selectors.Template `yaml:"user"`
	Password selectors.Template `yaml:"password"`
	From     string             `yaml:"from,required"`
	Name     string             `yaml:"name"` // default: the shop's
	ReplyTo  string             `yaml:"reply_to"`

	Ambiguous      string        `yaml:"ambiguous"`       // hold (default), resend_once
	AmbiguousAfter time.Duration `yaml:"ambiguous_after"` // without evidence for so long; default 6h

	Auth          string  `yaml:"auth"`           // plain, login, scram, xoauth2; default: the best that the server offers
	Bounce        string  `yaml:"bounce"`         // envelope sender with {key} in it; default: from
	Connections   int     `yaml:"connections"`    // at the same time; default 2
	PerConnection int     `yaml:"per_connection"` // messages; default 100
	Rate          *Factor `yaml:"rate"`           // messages per second; default: as fast as the server takes them
	DKIM          *DKIM   `yaml:"dkim"`
}

// SMS is the gateway.
type SMS struct {
	strict.Pos
	Base    selectors.Template `yaml:"base"`
	Account selectors.Template `yaml:"account,required"`
	User    selectors.Template `yaml:"user"`
	Token   selectors.Template `yaml:"token,required"`
	From    string             `yaml:"from"`
	Service string             `yaml:"service"`
	Price   string             `yaml:"price"` // of a segment, such as "0.0515 AUD", for what a dry run says

	Ambiguous      string        `yaml:"ambiguous"`       // hold (default), resend_once
	AmbiguousAfter time.Duration `yaml:"ambiguous_after"` // without evidence for so long; default 6h
}

// Browser says which browser to use.
type Browser struct {
	strict.Pos
	Path   string        `yaml:"path"`   // default: the best one on this machine
	Memory Size          `yaml:"memory"` // a browser that takes more is replaced between two flows; default 2GB
	Uses   int           `yaml:"uses"`   // flows after which a browser is replaced; default 200
	Open   time.Duration `yaml:"open"`   // how long a page may take to load; default 30s
	Step   time.Duration `yaml:"step"`   // how long a step may take, unless it says within:; default 10s
}

// Job is one job.
type Job struct {
	strict.Pos
	Name      string          `yaml:"name,required"`
	IMS       string          `yaml:"ims,required"` // site whose stock is read
	CRM       string          `yaml:"crm,required"` // site whose subscribers are told
	Orders    string          `yaml:"orders"`       // site whose list of orders is read, where the shop cannot tell by a webhook
	Schedule  string          `yaml:"schedule"`     // cron expression; without it the job runs by hand only
	CatchUp   time.Duration   `yaml:"catch_up"`     // a run missed by at most this is made up for; default 6h
	Channels  []string        `yaml:"channels"`     // in order of preference; default: all that are configured
	Life      time.Duration   `yaml:"life"`         // of the news: later nobody is told; default 24h
	CoolDown  time.Duration   `yaml:"cool_down"`    // a product that is out for less than this goes on with the same restock; default 1h
	Guards    *Guards         `yaml:"guards"`
	Limits    *Limits         `yaml:"limits"`
	Waves     *Waves          `yaml:"waves"`
	Holdout   *Holdout        `yaml:"holdout"`
	Enough    *Enough         `yaml:"enough"`
	Quiet     *Quiet          `yaml:"quiet"`
	Workers   int             `yaml:"workers"`   // read the stock at the same time where the list is long and its pages have addresses (next: pages:); each needs an account: secrets NAME, NAME_2, …; default 1
	Reminders []time.Duration `yaml:"reminders"` // one or two, after the message, while in stock and not bought; default: none
	Wishes    time.Duration   `yaml:"wishes"`    // a request older than this has expired; default: never
	Deadline  time.Duration   `yaml:"deadline"`  // a run that takes longer is stopped; the next one goes on; default 2h
	Consent   string          `yaml:"consent"`   // asked (default: the request is the consent where the CRM has no such field), required

	Spec   schedule.Spec `yaml:"-"`
	guards bot.Guards
	limits bot.Limits
	waves  bot.Waves
	enough bot.Enough
	quiet  bot.Quiet
	resend map[bot.Channel]time.Duration
}

// Load reads a configuration. path is the file or its folder. The error is a strict.Findings if the file is wrong.
func Load(path string) (*Config, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, FileName)
	}
	data, err := os.ReadFile(path)
	if err == nil {
		err = strict.Guarded(path)
	}
	if err != nil {
		return nil, fmt.Errorf("the configuration cannot be read: %w; give its folder with --config, or make one with `restock init DIR`", err)
	}
	return Parse(path, data)
}

// Parse reads the content of a configuration.
func Parse(path string, data []byte) (*Config, error) {
	c := Config{Data: "data", Sites: "sites", Zone: "Australia/Sydney", Folder: filepath.Dir(path)}
	findings := strict.Decode(path, data, &c)
	ck := checker{c: &c, findings: findings}
	if c.File != "" {
		ck.check()
	}
	if err := ck.findings.Err(); err != nil {
		return nil, err
	}
	return &c, nil
}

// Path returns a path of the configuration, seen from where its file is.
func (c *Config) Path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(c.Folder, name)
}

// Job returns the job with a name; "" is the only one there is.
func (c *Config) Job(name string) (Job, error) {
	var names []string
	for _, j := range c.Jobs {
		if j.Name == name || name == "" && len(c.Jobs) == 1 {
			return j, nil
		}
		names = append(names, j.Name)
	}
	return Job{}, fmt.Errorf("no job %q in %s: it has %s", name, c.File, strict.List(names))
}

// Bot returns the job as the domain knows it.
func (j Job) Bot(configured []bot.Channel) bot.Job {
	channels := configured
	if len(j.Channels) > 0 {
		channels = nil
		for _, name := range j.Channels {
			if c := bot.Channel(name); slices.Contains(configured, c) {
				channels = append(channels, c)
			}
		}
	}
	return bot.Job{Name: j.Name, IMS: j.IMS, CRM: j.CRM, Orders: j.Orders, Policy: bot.Policy{
		Channels: channels, Life: j.Life, Consent: j.Consent == "required", CoolDown: j.CoolDown, Guards: j.guards, Limits: j.limits,
		Waves: j.waves, Enough: j.enough, Quiet: j.quiet, Wishes: j.Wishes, Resend: j.resend, Reminders: j.Reminders,
		Holdout: j.holdout(),
	}, Workers: j.Workers}
}

func (j Job) holdout() bot.Holdout {
	if j.Holdout == nil {
		return bot.Holdout{}
	}
	return bot.Holdout{Percent: j.Holdout.Percent, For: j.Holdout.For}
}

type checker struct {
	c        *Config
	findings strict.Findings
}

func (ck *checker) report(pos strict.Pos, found, expected, hint string) {
	ck.findings.Add(pos, found, expected, hint)
}

func (ck *checker) check() {
	c := ck.c
	if c.Version != 0 && c.Version != 1 {
		ck.report(c.Pos, fmt.Sprintf("version %d", c.Version), "version: 1", "")
	}
	if c.Browser.Memory == 0 {
		c.Browser.Memory = 2 << 30
	}
	if c.Browser.Uses == 0 {
		c.Browser.Uses = 200
	}
	var err error
	if c.Location, err = time.LoadLocation(c.Zone); err != nil {
		ck.report(c.Pos, fmt.Sprintf("zone %q", c.Zone), "a time zone such as Australia/Sydney", err.Error())
		c.Location = time.UTC
	}
	if c.SMTP != nil {
		ck.secretOnly(c.SMTP.Password, "password")
		if !bot.ValidEmail(c.SMTP.From) && c.SMTP.From != "" {
			ck.report(c.SMTP.Pos, fmt.Sprintf("from %q", c.SMTP.From), "a mail address", "")
		}
		if c.SMTP.Port < 1 || c.SMTP.Port > 65535 {
			ck.report(c.SMTP.Pos, fmt.Sprintf("port %d", c.SMTP.Port), "a port from 1 to 65535", "usually 587 with starttls, 465 with implicit")
		}
		ck.oneOf(c.SMTP.Pos, "tls", c.SMTP.TLS, "", "starttls", "implicit", "none")
	}
	if c.SMS != nil {
		ck.secretOnly(c.SMS.Token, "token")
	}
	seen := map[string]bool{}
	for i := range c.Jobs {
		ck.job(&c.Jobs[i], seen)
	}
	ck.safety()
	ck.delivery()
	ck.loop()
	ck.admin()
	ck.cluster()
	if len(c.Jobs) == 0 {
		ck.report(c.Pos, "no job", "at least one under jobs:", "")
	}
}

func (ck *checker) oneOf(pos strict.Pos, key, word string, allowed ...string) {
	if slices.Contains(allowed, word) {
		return
	}
	allowed = slices.DeleteFunc(allowed, func(s string) bool { return s == "" }) // nothing is the default
	hint := strict.DidYouMean(word, allowed)
	ck.report(pos, fmt.Sprintf("%s: %s", key, word), strict.List(allowed), hint)
}

// secretOnly refuses a password that stands in the file.
func (ck *checker) secretOnly(t selectors.Template, key string) {
	if !t.Empty() && !t.Secret() {
		ck.report(t.Pos, "a "+key+" in the file", key+": ${secret:NAME}", "put the value into secrets/NAME beside the file (mode 0600)")
	}
}

func (ck *checker) job(j *Job, seen map[string]bool) {
	if j.Name == "" {
		return // reported as missing
	}
	if strings.Trim(j.Name, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		ck.report(j.Pos, fmt.Sprintf("job %q", j.Name), "a name of small letters, digits, - and _", "")
	}
	if seen[j.Name] {
		ck.report(j.Pos, fmt.Sprintf("job %q again", j.Name), "each name once", "")
	}
	seen[j.Name] = true
	if j.CatchUp == 0 {
		j.CatchUp = 6 * time.Hour
	}
	if j.Deadline == 0 {
		j.Deadline = 2 * time.Hour
	}
	if j.CoolDown == 0 {
		j.CoolDown = time.Hour
	}
	if j.Life == 0 {
		j.Life = 24 * time.Hour
	}
	ck.oneOf(j.Pos, "consent", j.Consent, "", "asked", "required")
	for _, name := range j.Channels {
		ck.oneOf(j.Pos, "channel", name, string(bot.Email), string(bot.SMS))
		if name == string(bot.Email) && ck.c.SMTP == nil || name == string(bot.SMS) && ck.c.SMS == nil {
			ck.report(j.Pos, "channel "+name+" in job "+j.Name, "settings for it", "add smtp: or sms:, or take it off the list")
		}
	}
	if j.Schedule == "" {
		return
	}
	var err error
	if j.Spec, err = schedule.Parse(j.Schedule, ck.c.Location); err != nil {
		ck.report(j.Pos, "schedule "+j.Schedule, "a cron expression of five fields", err.Error())
	}
}
