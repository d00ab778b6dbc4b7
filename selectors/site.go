package selectors

import (
	"net/url"
	"strings"

	"restock/selectors/strict"
)

// Site is one web UI, as one selector file describes it.
type Site struct {
	strict.Pos
	Version int        `yaml:"version,required"`
	Site    string     `yaml:"site,required"`
	Base    Template   `yaml:"base,required"`
	Allow   []Template `yaml:"allow"` // further origins that the browser may visit
	Locale  string     `yaml:"locale"`

	Elements      map[string]Element `yaml:"elements"`
	Interruptions []Interruption     `yaml:"interruptions"`
	Mask          []Element          `yaml:"mask"` // hidden in screenshots besides passwords: personal data

	Login       *Login   `yaml:"login"`
	Stock       *Reading `yaml:"stock"`
	Subscribers *Reading `yaml:"subscribers"`
	Followup    *Writing `yaml:"followup"`
}

// Login is the flow that logs in.
type Login struct {
	strict.Pos
	Open    Template   `yaml:"open,required"`
	Steps   []Step     `yaml:"steps,required"`
	Done    Condition  `yaml:"done,required"` // proof that we are in
	Refused *Condition `yaml:"refused"`       // proof that the user name or password is wrong
}

// Interruption is something that may come up at any moment: the end of the session, a notice, an error dialog.
type Interruption struct {
	strict.Pos
	See   Condition `yaml:"see,required"`
	Do    string    `yaml:"do"`    // login: log in again and begin the flow anew
	Click *Element  `yaml:"click"` // put it away
	Fail  string    `yaml:"fail"`  // give up; the text tells the admin why
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
		origins = append(origins, u.Scheme+"://"+strings.ToLower(u.Host))
	}
	return origins, nil
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
