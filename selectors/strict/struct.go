package strict

import (
	"reflect"
	"strconv"
	"strings"
)

// field is one key that a struct allows.
type field struct {
	name     string
	required bool
	index    []int
}

func fields(t reflect.Type) []field {
	var list []field
	for f := range t.Fields() {
		tag, ok := f.Tag.Lookup("yaml")
		switch {
		case f.Anonymous && f.Type.Kind() == reflect.Struct && f.Type != reflect.TypeFor[Pos]():
			for _, inner := range fields(f.Type) {
				inner.index = append(append([]int{}, f.Index...), inner.index...)
				list = append(list, inner)
			}
		case ok && tag != "-":
			name, options, _ := strings.Cut(tag, ",")
			list = append(list, field{name: name, required: options == "required", index: f.Index})
		}
	}
	return list
}

// Keys returns the keys that a struct allows, in the order of its fields.
func Keys(structure any) []string {
	t := reflect.TypeOf(structure)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var names []string
	for _, f := range fields(t) {
		names = append(names, f.name)
	}
	return names
}

// Struct decodes a mapping into a pointer to a struct, whose Pos it sets.
func (d *Decoder) Struct(n *Node, into any) {
	v := reflect.ValueOf(into).Elem()
	if f := v.FieldByName("Pos"); f.IsValid() && f.Type() == reflect.TypeFor[Pos]() {
		f.Set(reflect.ValueOf(d.PosOf(n)))
	}
	if f := v.FieldByName("At"); f.IsValid() && f.Type() == reflect.TypeFor[Places]() {
		f.Set(reflect.ValueOf(d.places(n)))
	}
	known := fields(v.Type())
	names := make([]string, len(known))
	for i, f := range known {
		names[i] = f.name
	}
	set := map[string]bool{}
	pairs := d.Pairs(n)
	for _, pair := range pairs {
		ok := false
		for _, f := range known {
			if f.name == pair.Key.Value {
				d.value(pair.Value, v.FieldByIndex(f.index))
				set[f.name], ok = true, true
			}
		}
		if !ok {
			word := short(pair.Key.Value)
			d.Report(pair.Key, "key "+strconv.Quote(word), List(names), DidYouMean(word, names))
		}
	}
	if !IsMap(n) {
		return
	}
	for _, f := range known {
		if f.required && !set[f.name] {
			d.Report(n, "no key "+f.name, "the key "+f.name, "")
		}
	}
}

// Places says where the values of a struct's keys stand. A struct with a field At of this type is told.
type Places map[string]Pos

// Of returns the place of a key's value, or else that of the whole.
func (p Places) Of(key string, whole Pos) Pos {
	if at, ok := p[key]; ok {
		return at
	}
	return whole
}

func (d *Decoder) places(n *Node) Places {
	places := Places{}
	for i := 0; IsMap(n) && i+1 < len(n.Content); i += 2 {
		places[n.Content[i].Value] = d.PosOf(n.Content[i+1])
	}
	return places
}
