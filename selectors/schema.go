package selectors

import (
	"maps"
	"reflect"
	"slices"

	"restock/selectors/strict"
)

// Schema returns the JSON Schema of selector files. Editors complete and check files by it; [Load] finds all that it finds,
// and more.
func Schema() strict.Schema { return strict.SchemaOf("restock selector file", Site{}) }

// SchemaYAML implements strict.Described.
func (t *Template) SchemaYAML(*strict.Schemas) strict.Schema { return strict.Scalar() }

// SchemaYAML implements strict.Described.
func (p *Percent) SchemaYAML(*strict.Schemas) strict.Schema {
	return strict.Schema{"type": "string", "pattern": "^[0-9]+ *%$"}
}

// SchemaYAML implements strict.Described.
func (k *Keys) SchemaYAML(*strict.Schemas) strict.Schema {
	return strict.Any(strict.Scalar(), strict.ListOf(strict.Scalar()))
}

// SchemaYAML implements strict.Described.
func (w *Words) SchemaYAML(*strict.Schemas) strict.Schema {
	return strict.Schema{"type": "object", "additionalProperties": strict.Scalar()}
}

// SchemaYAML implements strict.Described.
func (t *Target) SchemaYAML(s *strict.Schemas) strict.Schema {
	schema := s.Struct(reflect.TypeFor[Target]())
	ways := make([]strict.Schema, 0, len(targetKeys()))
	for _, key := range targetKeys() {
		ways = append(ways, strict.Schema{"required": []string{key}})
	}
	maps.Copy(schema, strict.Any(ways...))
	return schema
}

// SchemaYAML implements strict.Described.
func (e *Element) SchemaYAML(s *strict.Schemas) strict.Schema {
	target := strict.For[Target](s)
	several := strict.ListOf(target)
	several["minItems"] = 1
	return strict.Any(strict.Scalar(), target, several)
}

// SchemaYAML implements strict.Described.
func (c *Condition) SchemaYAML(s *strict.Schemas) strict.Schema {
	own := s.Struct(reflect.TypeFor[Condition]())
	own["minProperties"] = 1
	return strict.Any(own, strict.For[Element](s))
}

// SchemaYAML implements strict.Described.
func (c *Column) SchemaYAML(s *strict.Schemas) strict.Schema {
	return strict.Any(strict.For[Field](s), strict.ListOf(strict.For[Field](s)))
}

// SchemaYAML implements strict.Described.
func (f *Field) SchemaYAML(s *strict.Schemas) strict.Schema {
	schema := s.Struct(reflect.TypeFor[Field]())
	properties, _ := schema["properties"].(map[string]any)
	for key, words := range map[string][]string{"type": Types(), "take": takes(), "bad": {"keep"}} {
		properties[key] = strict.Schema{"enum": words, "description": properties[key].(strict.Schema)["description"]}
	}
	return schema
}

// SchemaYAML implements strict.Described.
func (r *Rows) SchemaYAML(s *strict.Schemas) strict.Schema {
	path := strict.Schema{
		"type": "object", "properties": map[string]any{"json": strict.Scalar()}, "required": []string{"json"}, "additionalProperties": false,
	}
	return strict.Any(path, strict.For[Element](s))
}

// SchemaYAML implements strict.Described.
func (s *Source) SchemaYAML(x *strict.Schemas) strict.Schema {
	own := x.Struct(reflect.TypeFor[Source]())
	own["minProperties"], own["maxProperties"] = 1, 1
	return strict.Any(strict.OneOf("page", "download"), own)
}

// SchemaYAML implements strict.Described.
func (f *File) SchemaYAML(s *strict.Schemas) strict.Schema { return s.Struct(reflect.TypeFor[File]()) }

// SchemaYAML implements strict.Described.
func (w *Way) SchemaYAML(s *strict.Schemas) strict.Schema {
	return strict.Any(strict.Scalar(), strict.ListOf(strict.For[Step](s)))
}

// SchemaYAML implements strict.Described.
func (x *Next) SchemaYAML(s *strict.Schemas) strict.Schema {
	own := s.Struct(reflect.TypeFor[Next]())
	own["minProperties"] = 1
	return strict.Any(own, strict.For[Element](s))
}

// SchemaYAML implements strict.Described.
func (r *Reading) SchemaYAML(s *strict.Schemas) strict.Schema {
	schema := s.Struct(reflect.TypeFor[Reading]())
	properties, _ := schema["properties"].(map[string]any)
	properties["columns"] = columnsSchema(s)
	properties["absent"] = strict.Schema{"enum": []any{"0", 0}, "description": properties["absent"].(strict.Schema)["description"]}
	properties["walk"] = strict.Schema{"enum": []string{"fetch"}, "description": properties["walk"].(strict.Schema)["description"]}
	file := strict.Any(strict.OneOf("download"), strict.Schema{"type": "object", "required": []string{"download"}})
	maps.Copy(schema, strict.Any(strict.Schema{"required": []string{"rows"}}, // every line of a file is a row
		strict.Schema{"required": []string{"from"}, "properties": map[string]any{"from": file}}))
	return schema
}

// SchemaYAML implements strict.Described.
func (d *Detail) SchemaYAML(s *strict.Schemas) strict.Schema {
	schema := s.Struct(reflect.TypeFor[Detail]())
	properties, _ := schema["properties"].(map[string]any)
	properties["columns"] = columnsSchema(s)
	return schema
}

// columnsSchema allows the columns of both reading flows, and those of the file's own.
func columnsSchema(s *strict.Schemas) strict.Schema {
	properties := map[string]any{}
	for _, w := range slices.Concat(StockColumns(), SubscriberColumns(), OrderColumns()) {
		column := maps.Clone(strict.For[Column](s))
		column["description"] = w.Doc
		properties[w.Key] = column
	}
	return strict.Schema{
		"type": "object", "properties": properties, "additionalProperties": false,
		"patternProperties": map[string]any{"^_": strict.For[Column](s)},
	}
}

// SchemaYAML implements strict.Described.
func (s *Step) SchemaYAML(x *strict.Schemas) strict.Schema {
	element, condition, steps := strict.For[Element](x), strict.For[Condition](x), strict.ListOf(strict.For[Step](x))
	fields := strict.Any(x.Struct(reflect.TypeFor[fieldStep]()), strict.Schema{
		"type": "object", "minProperties": 1, "additionalProperties": strict.Scalar(), "not": strict.Schema{"required": []string{"element"}},
	})
	kinds := map[string]strict.Schema{
		"open": strict.Scalar(), "fill": fields, "type": fields, "select": fields, "append": fields, "upload": fields,
		"wait": condition, "if": condition, "repeat": condition, "try": steps, "frame": strict.Scalar(), "tab": strict.Scalar(),
		"press":  strict.Any(strict.Scalar(), x.Struct(reflect.TypeFor[pressStep]())),
		"dialog": strict.OneOf("accept", "dismiss"), "otp": x.Struct(reflect.TypeFor[otpStep]()),
		"expect": condition, "within": {"type": []string{"string", "number"}}, "then": steps, "else": steps, "times": {"type": "integer"},
		"options": element,
	}
	properties, one := map[string]any{}, []any{}
	for _, w := range append(Actions(), StepOptions()...) {
		kind, ok := kinds[w.Key]
		if !ok {
			kind = element
		}
		kind = maps.Clone(kind)
		kind["description"] = w.Doc
		properties[w.Key] = kind
	}
	for _, w := range Actions() {
		one = append(one, strict.Schema{"required": []string{w.Key}})
	}
	return strict.Schema{
		"type": "object", "properties": properties, "additionalProperties": false, "oneOf": one,
		"dependentSchemas": dependent(),
	}
}

// dependent says which options go with which actions.
func dependent() map[string]any {
	schemas := map[string]any{}
	for _, option := range keysOf(StepOptions()) {
		may, must := optionsFor(option)
		if len(may) < len(Actions()) {
			ways := []strict.Schema{}
			for _, action := range may {
				ways = append(ways, strict.Schema{"required": []string{action}})
			}
			schemas[option] = strict.Any(ways...)
		}
		for _, action := range must {
			schemas[action] = strict.Schema{"required": []string{option}}
		}
	}
	return schemas
}
