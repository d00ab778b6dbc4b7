package selectors

import (
	"slices"
	"strings"

	"restock/selectors/strict"
)

// Condition is something that is or is not so on a page. In a file it is a target (which must be visible), or one of
// visible, hidden, url, value, any, all, not.
type Condition struct {
	strict.Pos `json:"-"`

	Visible *Element    `yaml:"visible" json:"visible,omitempty" doc:"the element is there and visible"`
	Hidden  *Element    `yaml:"hidden" json:"hidden,omitempty" doc:"it is not there, or not visible"`
	URL     string      `yaml:"url" json:"url,omitempty" doc:"the address of the page is this text, with * for anything"`
	Value   *ValueIs    `yaml:"value" json:"value,omitempty" doc:"{of: element, is: text}: a form field holds this"`
	Any     []Condition `yaml:"any" json:"any,omitempty" doc:"one of these conditions holds"`
	All     []Condition `yaml:"all" json:"all,omitempty" doc:"all of them hold"`
	Not     *Condition  `yaml:"not" json:"not,omitempty" doc:"it does not hold"`

	Const *bool `json:"const,omitempty"` // what was found out about parts that are answered already
}

// ValueIs compares the value of a form field, or the text of another element.
type ValueIs struct {
	strict.Pos `json:"-"`
	Of         Element `yaml:"of,required" json:"of" doc:"the field"`
	Is         string  `yaml:"is,required" json:"is" doc:"its whole text, * for anything, or /…/"`
}

// DecodeYAML implements strict.Decodable.
func (c *Condition) DecodeYAML(d *strict.Decoder, n *strict.Node) {
	type plain Condition
	c.Pos = d.PosOf(n)
	if !strict.IsMap(n) {
		c.Visible = &Element{}
		d.Into(n, c.Visible)
		return
	}
	if isCondition(d, n) {
		d.Struct(n, (*plain)(c))
		c.Pos = d.PosOf(n)
		return
	}
	c.Visible = &Element{}
	d.Into(n, c.Visible)
}

// isCondition tells {hidden: element} from a target such as {css: …, hidden: true}.
func isCondition(d *strict.Decoder, n *strict.Node) bool {
	keys := d.Keys(n)
	if slices.ContainsFunc(keys, func(key string) bool { return slices.Contains(targetKeys(), key) }) {
		return slices.ContainsFunc(keys, func(key string) bool {
			return key != "hidden" && slices.Contains(strict.Keys(Condition{}), key)
		})
	}
	return slices.ContainsFunc(keys, func(key string) bool { return slices.Contains(strict.Keys(Condition{}), key) })
}

// String says in words what must be so.
func (c *Condition) String() string {
	if c == nil {
		return "nothing"
	}
	var parts []string
	if c.Visible != nil {
		parts = append(parts, c.Visible.String()+" visible")
	}
	if c.Hidden != nil {
		parts = append(parts, c.Hidden.String()+" not visible")
	}
	if c.URL != "" {
		parts = append(parts, "address "+quote(c.URL))
	}
	if c.Value != nil {
		parts = append(parts, c.Value.Of.String()+" is "+quote(c.Value.Is))
	}
	if c.Not != nil {
		parts = append(parts, "not ("+c.Not.String()+")")
	}
	for _, one := range c.All {
		parts = append(parts, one.String())
	}
	if len(c.Any) > 0 {
		texts := make([]string, len(c.Any))
		for i := range c.Any {
			texts[i] = c.Any[i].String()
		}
		parts = append(parts, strings.Join(texts, " or "))
	}
	return strings.Join(parts, " and ")
}
