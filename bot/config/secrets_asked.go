package config

import (
	"reflect"
	"slices"

	"restock/selectors"
)

// Secrets are the names of the secrets that the file asks for, each once.
func (c *Config) Secrets() []string {
	var names []string
	var look func(v reflect.Value)
	look = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer:
			if !v.IsNil() {
				look(v.Elem())
			}
		case reflect.Slice:
			for i := range v.Len() {
				look(v.Index(i))
			}
		case reflect.Struct:
			if t, ok := v.Interface().(selectors.Template); ok {
				names = append(names, t.Secrets()...)
				return
			}
			for i := range v.NumField() {
				if v.Type().Field(i).IsExported() {
					look(v.Field(i))
				}
			}
		}
	}
	look(reflect.ValueOf(c))
	slices.Sort(names)
	return slices.Compact(names)
}
