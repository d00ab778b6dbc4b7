package selectors

import (
	"slices"
	"strings"
	"time"

	"restock/selectors/strict"
)

// Step is one thing to do on a page. In a file it is a mapping with one action of [Actions] and, if wanted, options.
type Step struct {
	strict.Pos
	Do      string        // the action: click, fill, …
	Address Template      // open
	Element *Element      // click, doubleclick, hover, check, uncheck, press, scroll, clear, download, otp
	Fields  []FieldValue  // fill, type, select, append, upload
	Key     string        // press
	Secret  Template      // otp
	See     *Condition    // wait, if, repeat
	Where   string        // frame, tab: name, title or address
	Try     []Step        // try
	Then    []Step        // if, repeat, frame, tab
	Else    []Step        // if, try
	Times   int           // repeat: at most
	Options *Element      // select: where the options of a made-up select stand
	Dialog  string        // dialog: accept or dismiss
	Expect  *Condition    // proof that it worked
	Within  time.Duration // how long the step may take; default 10 s
}

// FieldValue is a form field and what to put into it.
type FieldValue struct {
	Element Element
	Value   Template
}

// MainTab is the word for the tab that a flow began in.
const MainTab = "main"

// String names the step as people say it: "click submit".
func (s Step) String() string {
	switch {
	case s.Do == "open":
		return "open " + s.Address.Text
	case s.Do == "press":
		return "press " + s.Key
	case s.Where != "":
		return s.Do + " " + s.Where
	case s.Element != nil:
		return s.Do + " " + s.Element.String()
	case len(s.Fields) > 0:
		return s.Do + " " + s.Fields[0].Element.String()
	case s.See != nil:
		return s.Do + " " + s.See.String()
	case s.Do == "try" && len(s.Try) > 0:
		return "try to " + s.Try[0].String()
	}
	return s.Do
}

// Word is one key of the language with what it means: the manual and the JSON Schema are made from it.
type Word struct{ Key, Doc string }

// Actions lists the actions of a step.
func Actions() []Word {
	return []Word{
		{"open", "loads the address anew"},
		{"click", "waits until it is visible, still, enabled and not covered; the press is watched and stopped if it meets something else"},
		{"doubleclick", "the same, twice in a row"},
		{"hover", "moves the mouse over it"},
		{"fill", "replaces what stands in a field, and reads it back twice; several fields at once are allowed"},
		{"type", "the same, key by key, for fields that listen to keys"},
		{"append", "adds a line to a field, unless the text stands there already"},
		{"clear", "empties a field, and reads it back"},
		{"select", "chooses an option by its text, else by its value, of a select or of a drop-down made of other elements"},
		{"check", "ticks a check box or switch, or picks a radio button, and reads it back"},
		{"uncheck", "takes the tick away, and reads it back"},
		{"press", "presses a key: Enter, or {element: …, key: Control+a}"},
		{"scroll", "scrolls to the end of it; window scrolls the page"},
		{"upload", "puts a file, named relative to the selector file, into a file field"},
		{"download", "clicks it and takes the file that comes; a file that is cut off is an error"},
		{"wait", "waits until a condition holds"},
		{"if", "does then or else, by what is on the page now"},
		{"repeat", "does then while a condition holds, at most times (default 50) often"},
		{"try", "does steps; if one fails, does else instead, and the run carries a warning"},
		{"frame", "does then inside the frame with this name, id, title or address; needed for frames of another site"},
		{"tab", "goes to the tab with this title or address, does then, closes it and comes back; without then it stays there (main: the first tab)"},
		{"dialog", "how to answer the next native question: accept or dismiss; alerts are always accepted, other questions dismissed"},
		{"otp", "types a one-time code if the field shows up: from its key (RFC 6238), or from a person, who has within: (5m) to give it"},
	}
}

// StepOptions lists what may stand beside the action of a step.
func StepOptions() []Word {
	return []Word{
		{"expect", "a condition that must hold afterwards: the proof that the step worked"},
		{"within", "how long the step may take: 10s, 2m"},
		{"then", "steps of if, repeat, frame and tab"},
		{"else", "steps of if and try"},
		{"times", "how often repeat goes round at most"},
		{"options", "where the options of a made-up select stand, if they are not found"},
	}
}

func keysOf(words []Word) []string {
	keys := make([]string, len(words))
	for i, w := range words {
		keys[i] = w.Key
	}
	return keys
}

// DecodeYAML implements strict.Decodable.
func (s *Step) DecodeYAML(d *strict.Decoder, n *strict.Node) {
	s.Pos = d.PosOf(n)
	actions := keysOf(Actions())
	allowed := append(slices.Clone(actions), keysOf(StepOptions())...)
	used := map[string]*strict.Node{}
	for _, pair := range d.Pairs(n) {
		key, value := pair.Key.Value, pair.Value
		used[key] = pair.Key
		if slices.Contains(actions, key) {
			if s.Do != "" {
				d.Report(pair.Key, "a second action "+key, "one action a step", "begin a new step with \"- \"")
				continue
			}
			s.Do = key
			s.action(d, value)
			continue
		}
		if !s.option(d, key, value) {
			d.Report(pair.Key, "key "+quote(key), strict.List(allowed), strict.DidYouMean(key, allowed))
		}
	}
	if !strict.IsMap(n) {
		return
	}
	if s.Do == "" {
		d.Report(n, "a step without an action", strict.List(actions), "")
		return
	}
	s.complete(d, n, used)
}

func (s *Step) option(d *strict.Decoder, key string, value *strict.Node) bool {
	switch key {
	case "expect":
		s.Expect = &Condition{}
		d.Into(value, s.Expect)
	case "within":
		d.Into(value, &s.Within)
	case "then":
		d.Into(value, &s.Then)
	case "else":
		d.Into(value, &s.Else)
	case "times":
		d.Into(value, &s.Times)
	case "options":
		s.Options = &Element{}
		d.Into(value, s.Options)
	default:
		return false
	}
	return true
}

// optionsFor says which actions may have an option, and which must.
func optionsFor(option string) (may, must []string) {
	switch option {
	case "then":
		return []string{"if", "repeat", "frame", "tab"}, []string{"if", "repeat", "frame"}
	case "else":
		return []string{"if", "try"}, nil
	case "times":
		return []string{"repeat"}, nil
	case "options":
		return []string{"select"}, nil
	}
	return keysOf(Actions()), nil
}

// complete checks that the options fit the action.
func (s *Step) complete(d *strict.Decoder, n *strict.Node, used map[string]*strict.Node) {
	for _, option := range keysOf(StepOptions()) {
		may, must := optionsFor(option)
		key, set := used[option]
		switch {
		case set && !slices.Contains(may, s.Do):
			d.Report(key, s.Do+" with "+option, option+" only beside "+strict.List(may), "")
		case !set && slices.Contains(must, s.Do):
			d.Report(n, s.Do+" without "+option, "the key "+option+" with steps", "")
		}
	}
}

func (s *Step) action(d *strict.Decoder, n *strict.Node) {
	switch s.Do {
	case "open":
		d.Into(n, &s.Address)
	case "fill", "type", "select", "append", "upload":
		s.fields(d, n)
	case "wait", "if", "repeat":
		s.See = &Condition{}
		d.Into(n, s.See)
	case "frame", "tab":
		d.Into(n, &s.Where)
		if _, err := Pattern(s.Where); err != nil {
			d.Report(n, strict.Kind(n), "a name or address", err.Error())
		}
	case "try":
		d.Into(n, &s.Try)
	case "press":
		s.press(d, n)
	case "dialog":
		d.Into(n, &s.Dialog)
		if s.Dialog != "accept" && s.Dialog != "dismiss" {
			d.Report(n, strict.Kind(n), "accept or dismiss", "")
		}
	case "otp":
		otp := otpStep{}
		d.Struct(n, &otp)
		s.Element, s.Secret = &otp.Element, otp.Secret
	default:
		if s.Do == "scroll" && n.Value == "window" {
			s.Element = window(d.PosOf(n))
			return
		}
		s.Element = &Element{}
		d.Into(n, s.Element)
	}
}

type otpStep struct {
	Element Element  `yaml:"element,required" doc:"the field of the code"`
	Secret  Template `yaml:"secret" doc:"the key of the codes: ${secret:NAME}; without it a person is asked, who answers with restock otp"`
}

type fieldStep struct {
	Element Element  `yaml:"element,required" doc:"the field"`
	Value   Template `yaml:"value,required" doc:"what to put into it"`
}

type pressStep struct {
	Element *Element `yaml:"element" doc:"the element that gets the key"`
	Key     string   `yaml:"key,required" doc:"Enter, Tab, Escape, ArrowDown, F5, a, Control+a, …"`
}

// fields reads {user: text, …}, whose keys are names of elements, or {element: …, value: …}.
func (s *Step) fields(d *strict.Decoder, n *strict.Node) {
	pairs := d.Pairs(n)
	inline := slices.ContainsFunc(pairs, func(p strict.Pair) bool { return p.Key.Value == "element" })
	if inline {
		one := fieldStep{}
		d.Struct(n, &one)
		s.Fields = []FieldValue{{one.Element, one.Value}}
		return
	}
	if len(pairs) == 0 && strict.IsMap(n) {
		d.Report(n, s.Do+" without a field", "element: text", "")
	}
	for _, p := range pairs {
		field := FieldValue{Element: Element{Pos: d.PosOf(p.Key), Ref: p.Key.Value}}
		d.Into(p.Value, &field.Value)
		s.Fields = append(s.Fields, field)
	}
}

// press reads a key ("Enter", "Control+a"), or {element: …, key: …}.
func (s *Step) press(d *strict.Decoder, n *strict.Node) {
	if !strict.IsMap(n) {
		d.Into(n, &s.Key)
	} else {
		both := pressStep{}
		d.Struct(n, &both)
		s.Element, s.Key = both.Element, both.Key
	}
	if s.Key != "" && !KnownKey(s.Key) {
		d.Report(n, quote(s.Key), "a key such as Enter, Tab, Escape, ArrowDown, F5, a or Control+a", "")
	}
}

// KnownKey reports whether a key, or a combination such as Control+a, exists.
func KnownKey(name string) bool {
	parts := strings.Split(name, "+")
	if name == "+" {
		return true
	}
	for _, modifier := range parts[:len(parts)-1] {
		if !slices.Contains([]string{"Alt", "Control", "Meta", "Shift"}, modifier) {
			return false
		}
	}
	key := parts[len(parts)-1]
	return len(key) == 1 && key[0] > ' ' && key[0] <= '~' || slices.Contains(NamedKeys(), key)
}

// NamedKeys lists the keys that have names.
func NamedKeys() []string {
	return strings.Fields("Enter Tab Escape Backspace Delete Space Home End PageUp PageDown ArrowUp ArrowDown ArrowLeft ArrowRight " +
		"F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 F11 F12")
}
