package selectors

import (
	_ "embed"
	"fmt"
	"reflect"
	"strings"
)

//go:embed README.md
var manual string

// Manual is the reference of the selector file, for `restock help selectors`.
func Manual() string { return manual }

// tables are the parts of the manual that are made from the code.
func tables() map[string]string {
	list := map[string]string{}
	for _, of := range []any{
		Site{}, Target{}, Condition{}, Login{}, Interruption{}, Reading{}, Next{}, Field{}, Detail{}, Source{}, File{}, Writing{}, Event{}, Entering{}, Check{}, Expect{},
	} {
		t := reflect.TypeOf(of)
		list["keys: "+t.Name()] = table("key", keysOfStruct(t))
	}
	list["words: Actions"] = table("action", Actions())
	list["words: StepOptions"] = table("option", StepOptions())
	list["words: StockColumns"] = table("column", StockColumns())
	list["words: SubscriberColumns"] = table("column", SubscriberColumns())
	list["words: OrderColumns"] = table("column", OrderColumns())
	list["words: OrderValues"] = table("word", OrderValues())
	list["words: EventValues"] = table("word", EventValues())
	list["words: SignupValues"] = table("word", SignupValues())
	list["words: FollowupValues"] = table("word", FollowupValues())
	return list
}

func keysOfStruct(t reflect.Type) []Word {
	var words []Word
	for f := range t.Fields() {
		tag, ok := f.Tag.Lookup("yaml")
		if !ok {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		doc := f.Tag.Get("doc")
		if options == "required" {
			doc += " (required)"
		}
		words = append(words, Word{name, doc})
	}
	return words
}

func table(heading string, words []Word) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s | means |\n| --- | --- |\n", heading)
	for _, w := range words {
		fmt.Fprintf(&b, "| %s | %s |\n", w.Key, strings.ReplaceAll(w.Doc, "|", "\\|"))
	}
	return b.String()
}

// Generate puts the tables that are made from the code into a manual, each after its mark.
func Generate(text string) string {
	lines := strings.Split(text, "\n")
	made := tables()
	var out []string
	for i := 0; i < len(lines); i++ {
		out = append(out, lines[i])
		name, ok := strings.CutPrefix(lines[i], "<!-- ")
		name, end := strings.CutSuffix(name, " -->")
		table, known := made[name]
		if !ok || !end || !known {
			continue
		}
		for i+1 < len(lines) && strings.HasPrefix(lines[i+1], "|") {
			i++
		}
		out = append(out, strings.TrimSuffix(table, "\n"))
	}
	return strings.Join(out, "\n")
}

// Vocabulary lists every key and action of the language.
func Vocabulary() []string {
	var list []string
	for _, of := range []any{
		Site{}, Target{}, Condition{}, ValueIs{}, Login{}, Interruption{}, Reading{}, Next{}, Field{}, Detail{}, Source{}, File{}, Writing{}, Event{}, Entering{}, Check{}, Expect{},
	} {
		for _, w := range keysOfStruct(reflect.TypeOf(of)) {
			list = append(list, w.Key)
		}
	}
	return append(append(list, keysOf(Actions())...), keysOf(StepOptions())...)
}
