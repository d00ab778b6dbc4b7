package selectors

import (
	"net/url"
	"strings"

	"restock/selectors/strict"
)

// Site is one web UI, as one selector file describes it.
type Site struct {
	strict.Pos
	At      strict.Places
	Version int        `yaml:"version,required" doc:"1"`
	Site    string     `yaml:"site,required" doc:"its name, in small letters; jobs in restock.yaml use it"`
	Base    Template   `yaml:"base,required" doc:"its address; the addresses below are relative to it"`
	Allow   []Template `yaml:"allow" doc:"further origins that the browser may talk to; all others do not exist for it"`
	Posts   []string   `yaml:"posts" doc:"addresses that a flow which only reads may send to, with * for anything: /graphql; all other sending is refused while it reads"`
	Locale  string     `yaml:"locale" doc:"how numbers and dates are written: en-AU; a field can say otherwise"`
	Block   []string   `yaml:"block" doc:"what the browser need not load: images, fonts, media"`

	Elements      map[string]Element `yaml:"elements" doc:"names for elements that are used below"`
	Interruptions []Interruption     `yaml:"interruptions" doc:"what may come up at any moment; looked for before and after every read and action"`
	Mask          []Element          `yaml:"mask" doc:"covered in screenshots and scrubbed in saved pages; passwords, e-mail addresses and phones always are"`

	Login       *Login    `yaml:"login" doc:"how to log in"`
	Stock       *Reading  `yaml:"stock" doc:"how to read the stock list"`
	Subscribers *Reading  `yaml:"subscribers" doc:"how to read who waits"`
	Followup    *Writing  `yaml:"followup" doc:"how to write that a customer was told"`
	Orders      *Reading  `yaml:"orders" doc:"how to read the list of orders, where the shop cannot tell of them by a webhook"`
	Signup      *Entering `yaml:"signup" doc:"how to enter the wish of a customer who signed up on the shop's pages"`
}

// Login is the flow that logs in.
type Login struct {
	strict.Pos
	Open    Template   `yaml:"open,required" doc:"the address of the log-in"`
	Steps   []Step     `yaml:"steps,required" doc:"what to do there"`
	Done    Condition  `yaml:"done,required" doc:"proof that we are in"`
	Refused *Condition `yaml:"refused" doc:"proof that the user name or password is wrong: not tried again until it changes"`
	Locked  *Condition `yaml:"locked" doc:"the account is locked, its password has expired, or something else that only a person can do: not tried again until the password changes"`
	Origins []Template `yaml:"origins" doc:"where secrets may be typed; default: the base and those under allow"`
	Kept    Template   `yaml:"kept" doc:"an address that shows done while a kept session lives; default: the base"`
	Fresh   bool       `yaml:"fresh" doc:"true: log in anew in every run; nothing of a session is kept"`
}

// Interruption is something that may come up at any moment: the end of the session, a notice, an error dialog.
type Interruption struct {
	strict.Pos
	See   Condition `yaml:"see,required" doc:"how it shows"`
	Do    string    `yaml:"do" doc:"login: log in again, then begin the flow anew"`
	Click *Element  `yaml:"click" doc:"put it away by this, then go on"`
	Fail  string    `yaml:"fail" doc:"give up; the text tells the admin why"`
}

// Secrets returns the names of the secrets that the file asks for.
func (s *Site) Secrets() []string { return s.asked(secret) }

// Environment returns the names of the environment variables that the file asks for and has no default for.
func (s *Site) Environment() []string { return s.asked(environment) }

func (s *Site) asked(kind partKind) []string {
	seen := map[string]bool{}
	var names []string
	s.templates(func(t *Template, _ string) {
		for _, name := range t.names(kind) {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	})
	return names
}

// Origins returns the origins that the browser may visit: the base and those of allow.
func (s *Site) Origins(v Values) ([]string, error) {
	var origins []string
	for _, t := range append([]Template{s.Base}, s.Allow...) {
		text, err := t.Expand(v)
		if err != nil {
			return nil, err
		}
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, &AddressError{Pos: t.Pos, Address: text}
		}
		origins = append(origins, u.Scheme+"://"+plainHost(u))
	}
	return origins, nil
}

// plainHost is the host of an address as browsers write it in an origin.
func plainHost(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if u.Scheme == "http" {
		return strings.TrimSuffix(host, ":80")
	}
	return strings.TrimSuffix(host, ":443")
}

// SecretOrigins returns the origins into which secrets may be typed.
func (s *Site) SecretOrigins(v Values) ([]string, error) {
	if s.Login == nil || len(s.Login.Origins) == 0 {
		return s.Origins(v)
	}
	only := Site{Base: s.Base, Allow: s.Login.Origins}
	return only.Origins(v)
}

// OpensTabs reports whether a step of the file goes to a tab that the site opens.
func (s *Site) OpensTabs() bool {
	found := false
	s.steps(func(step Step) { found = found || step.Do == "tab" })
	return found
}

// AddressError says that a value is not an address of a web site.
type AddressError struct {
	Pos     strict.Pos
	Address string
}

func (e *AddressError) Error() string {
	return e.Pos.String() + ": found " + quote(e.Address) + "; expected an address such as https://crm.example.com"
}

// Address resolves a path of the file against the base.
func (s *Site) Address(path Template, v Values) (string, error) {
	base, err := s.Base.Expand(v)
	if err != nil {
		return "", err
	}
	text, err := path.ExpandURL(v)
	if err != nil {
		return "", err
	}
	return s.resolve(text, base)
}

// Resolve makes an address out of one that a page gave, whole or relative to the base.
func (s *Site) Resolve(text string, v Values) (string, error) {
	base, err := s.Base.Expand(v)
	if err != nil {
		return "", err
	}
	return s.resolve(text, base)
}

func (s *Site) resolve(text, base string) (string, error) {
	root, err := url.Parse(base)
	if err != nil || root.Host == "" {
		return "", &AddressError{Pos: s.Base.Pos, Address: base}
	}
	// Not url.ResolveReference: it would rewrite a fragment, in which single-page applications keep their routes.
	switch {
	case strings.Contains(text, "://"):
		return text, nil
	case strings.HasPrefix(text, "/"):
		return root.Scheme + "://" + root.Host + strings.TrimSuffix(root.EscapedPath(), "/") + text, nil
	}
	return strings.TrimSuffix(base, "/") + "/" + text, nil
}
