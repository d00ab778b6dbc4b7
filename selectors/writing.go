package selectors

import (
	"time"

	"restock/selectors/strict"
)

// Writing is the follow-up flow: read, write, read back.
type Writing struct {
	strict.Pos
	Open   Template      `yaml:"open,required" doc:"the address of the record"`
	Find   []Step        `yaml:"find" doc:"steps from there to the record, where it has no address: search, open the row"`
	Frame  string        `yaml:"frame" doc:"the record is in this frame"`
	Proof  *Condition    `yaml:"proof" doc:"that it is the right record"`
	Before Check         `yaml:"before,required" doc:"read first: what stands there already is not written again, what a colleague changed is left alone"`
	Steps  []Step        `yaml:"steps,required" doc:"what to write"`
	After  Check         `yaml:"after,required" doc:"read back after loading the page anew; otherwise it is not done"`
	Also   []Check       `yaml:"also" doc:"further fields that must be so afterwards"`
	Within time.Duration `yaml:"within" doc:"how long the record may take to load; default 30s"`
	// Rejected, when it shows after the steps and reading back proves that nothing was written, is the site's own no.
	Rejected *Condition `yaml:"rejected" doc:"the site's own sign that it did not take it: a person decides"`

	Clicked      *Event `yaml:"clicked" doc:"what to write when the customer has followed the link"`
	Bought       *Event `yaml:"bought" doc:"what to write when the customer has bought it"`
	Returned     *Event `yaml:"returned" doc:"what to write when that purchase was cancelled or given back"`
	Unsubscribed *Event `yaml:"unsubscribed" doc:"what to write when the customer wants no more messages"`
}

// Event is what is written into the same record later, when something has happened. It is read back as the first write is.
type Event struct {
	strict.Pos
	Before   *Check     `yaml:"before" doc:"read first; without it, whatever stands there is right"`
	Steps    []Step     `yaml:"steps,required" doc:"what to write"`
	After    Check      `yaml:"after,required" doc:"read back after loading the page anew; what stands there already is not written again"`
	Also     []Check    `yaml:"also" doc:"further fields that must be so afterwards"`
	Rejected *Condition `yaml:"rejected" doc:"the site's own sign that it did not take it"`
}

// events are the events of a follow-up by their names.
func (w *Writing) events() map[string]*Event {
	list := map[string]*Event{}
	for name, e := range map[string]*Event{"clicked": w.Clicked, "bought": w.Bought, "returned": w.Returned, "unsubscribed": w.Unsubscribed} {
		if e != nil {
			list[name] = e
		}
	}
	return list
}

// Events lists the names of the events that the file can write.
func (w *Writing) Events() []string {
	var names []string
	for _, name := range []string{"clicked", "bought", "returned", "unsubscribed"} {
		if w != nil && w.events()[name] != nil {
			names = append(names, name)
		}
	}
	return names
}

// Event returns how an event is written: into the record of the follow-up; nil where the file cannot.
func (w *Writing) Event(name string) *Writing {
	e := w.events()[name]
	if e == nil {
		return nil
	}
	one := *w
	one.Pos, one.Steps, one.After, one.Also, one.Rejected = e.Pos, e.Steps, e.After, e.Also, e.Rejected
	one.Before = Check{Pos: e.Pos, Field: e.After.Field, Is: anything(e.Pos)}
	if e.Before != nil {
		one.Before = *e.Before
	}
	return &one
}

// anything matches any text.
func anything(at strict.Pos) Template {
	return Template{Pos: at, Text: "*", parts: []templatePart{{name: "*"}}}
}

// Check compares a field of the page with a text.
type Check struct {
	strict.Pos
	Field Element  `yaml:"field,required" doc:"a form field, or another element with a text"`
	Is    Template `yaml:"is,required" doc:"its whole text, * for anything, or /…/"`
}

// Entering is the sign-up flow: look for the request, enter it unless it is there, look again.
type Entering struct {
	strict.Pos
	Open     Template          `yaml:"open,required" doc:"where the request shows if it is there: a list of this customer's requests, or a search for it"`
	Find     []Step            `yaml:"find" doc:"steps from there: fill in the search, press Enter"`
	Frame    string            `yaml:"frame" doc:"it is in this frame"`
	Proof    *Condition        `yaml:"proof" doc:"that the search is done and it is the right page"`
	There    Condition         `yaml:"there,required" doc:"that the request is there; it must name it, by {email}, {phone} and {sku}"`
	Absent   Condition         `yaml:"absent,required" doc:"the page's own sign that it is not: an empty page is not believed"`
	Steps    []Step            `yaml:"steps,required" doc:"how to enter it"`
	Rejected *Condition        `yaml:"rejected" doc:"the site's own sign that it did not take it: a person decides"`
	Channels map[string]string `yaml:"channels" doc:"how the site calls them, for {channel}: {email: E-mail, sms: SMS}"`
	Within   time.Duration     `yaml:"within" doc:"how long the search may take; default 30s"`
}
