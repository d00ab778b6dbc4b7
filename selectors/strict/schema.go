package strict

import (
	"reflect"
	"strings"
	"time"
)

// Schema is a JSON Schema (draft 2020-12), or a part of one.
type Schema = map[string]any

// Described is a type that decodes itself and says what it accepts.
type Described interface {
	SchemaYAML(s *Schemas) Schema
}

// Schemas makes JSON Schemas of the types that files are decoded into. Each type is defined once.
type Schemas struct {
	defs map[string]any
}

// SchemaOf returns the schema of files that are decoded into the given value.
func SchemaOf(title string, of any) Schema {
	s := &Schemas{defs: map[string]any{}}
	root := s.Of(reflect.TypeOf(of))
	return Schema{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, "$ref": root["$ref"], "$defs": s.defs,
	}
}

// For returns the schema of a type.
func For[T any](s *Schemas) Schema { return s.Of(reflect.TypeFor[T]()) }

// Scalar is the schema of any single value: YAML gives numbers and words without quotes their own types.
func Scalar() Schema { return Schema{"type": []string{"string", "number", "boolean"}} }

// OneOf is the schema of a word of a list.
func OneOf(words ...string) Schema { return Schema{"enum": words} }

// ListOf is the schema of a list.
func ListOf(item Schema) Schema { return Schema{"type": "array", "items": item} }

// Any is the schema of what one of several accept.
func Any(of ...Schema) Schema {
	list := make([]any, len(of))
	for i, one := range of {
		list[i] = one
	}
	return Schema{"anyOf": list}
}

// Of returns the schema of a type: of a struct a reference to its definition.
func (s *Schemas) Of(t reflect.Type) Schema {
	if t.Kind() == reflect.Pointer {
		return s.Of(t.Elem())
	}
	described, own := reflect.New(t).Interface().(Described)
	switch {
	case own && t.Name() != "":
		return s.define(t.Name(), func() Schema { return described.SchemaYAML(s) })
	case t == reflect.TypeFor[time.Duration]():
		return Schema{"type": []string{"string", "number"}}
	}
	switch t.Kind() {
	case reflect.Struct:
		return s.define(t.Name(), func() Schema { return s.Struct(t) })
	case reflect.Slice:
		return ListOf(s.Of(t.Elem()))
	case reflect.Map:
		return Schema{"type": "object", "additionalProperties": s.Of(t.Elem())}
	case reflect.Bool:
		return Schema{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return Schema{"type": "integer"}
	case reflect.Float64:
		return Schema{"type": "number"}
	}
	return Scalar()
}

func (s *Schemas) define(name string, make func() Schema) Schema {
	if _, known := s.defs[name]; !known {
		s.defs[name] = Schema{} // for types that contain themselves
		s.defs[name] = make()
	}
	return Schema{"$ref": "#/$defs/" + name}
}

// Struct returns the schema of a struct's keys, without a reference.
func (s *Schemas) Struct(t reflect.Type) Schema {
	properties, required := map[string]any{}, []string{}
	for f := range t.Fields() {
		tag, ok := f.Tag.Lookup("yaml")
		if f.Anonymous && f.Type.Kind() == reflect.Struct && !ok && f.Type != reflect.TypeFor[Pos]() {
			inner := s.Struct(f.Type)
			for name, p := range inner["properties"].(map[string]any) {
				properties[name] = p
			}
			required = append(required, inner["required"].([]string)...)
		}
		if !ok || tag == "-" {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		property := Schema{}
		for key, value := range s.Of(f.Type) {
			property[key] = value
		}
		if doc := f.Tag.Get("doc"); doc != "" {
			property["description"] = doc
		}
		properties[name] = property
		if options == "required" {
			required = append(required, name)
		}
	}
	return Schema{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}
