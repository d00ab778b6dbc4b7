package selectors

import (
	"strings"

	"restock/selectors/strict"
)

// Condition is something that is or is not so on a page. In a file it is a target (which must be visible), or one of
// visible, hidden, url, value, any, all, not.
type Condition struct {
	strict.Pos `json:"-"`

	Visible *Element    `yaml:"visible" json:"visible,omitempty"`
	Hidden  *Element    `yaml:"hidden" json:"hidden,omitempty"` // not there, or not visible
	URL     string      `yaml:"url" json:"url,omitempty"`       // the address matches this text
	Value   *ValueIs    `yaml:"value" json:"value,omitempty"`
	Any     []Condition `yaml:"any" json:"any,omitempty"`
	All     []Condition `yaml:"all" json:"all,omitempty"`
	Not     *Condition  `yaml:"not" json:"not,omitempty"`
}

// ValueIs compares the value of a form field, or the text of another element.
type ValueIs struct {
	strict.Pos `json:"-"`
	Of         Element `yaml:"of,required" json:"of"`
	Is         string  `yaml:"is,required" json:"is"`
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
	own := strict.Keys(*c)
	for i := 0; i+1 < len(n.Content); i += 2 {
		for _, key := range own {
			if n.Content[i].Value == key {
				d.Struct(n, (*plain)(c))
				c.Pos = d.PosOf(n)
				return
			}
		}
	}
	c.Visible = &Element{}
	d.Into(n, c.Visible)
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
