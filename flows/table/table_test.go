package table_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"restock/flows/table"
	"restock/selectors"
)

// TestCSV: every separator and encoding gives the same list.
func TestCSV(t *testing.T) {
	const text = "Code;Größe;Stock\r\nA-1;\"L; long\";1.250\r\n\r\nA-2;S;0\r\n"
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	ansi, err := charmap.Windows1252.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data string
		file selectors.File
	}{
		"semicolons":   {text, selectors.File{}},
		"mark":         {"\xef\xbb\xbf" + text, selectors.File{}},
		"UTF-16":       {utf16, selectors.File{}},
		"windows-1252": {ansi, selectors.File{Encoding: "windows-1252"}},
		"named":        {text, selectors.File{Format: "csv", Separator: ";"}},
		"later header": {"Stock list\r\n" + text, selectors.File{Header: 2}},
	} {
		got, err := table.Read("list.csv", []byte(c.data), c.file)
		if err != nil || strings.Join(got.Headers, "|") != "Code|Größe|Stock" || len(got.Rows) != 2 || got.Rows[0][1].Text != "L; long" || got.Rows[1][2].Text != "0" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// TestBrokenFiles: a file that is not whole, or not what it says, is an error and never a shorter list.
func TestBrokenFiles(t *testing.T) {
	for name, c := range map[string]struct{ file, data, want string }{
		"cut off in a line": {"a.csv", "Code,Stock\nA-1,5\nA-", "1 cells in line 3, under 2 headings"},
		"cut off in quotes": {"a.csv", "Code,Stock\nA-1,\"5", "mistake"},
		"a web page":        {"a.csv", "<!DOCTYPE html><title>Log in</title>", "a web page instead"},
		"latin bytes":       {"a.csv", "Code\ncaf\xe9\n", "windows-1252"},
		"another kind":      {"a.pdf", "%PDF", "format: csv or xlsx"},
		"no workbook":       {"a.xlsx", "PK\x03\x04 not a zip", "no workbook"},
		"nothing":           {"a.csv", "\n\n", "headings"},
	} {
		if _, err := table.Read(c.file, []byte(c.data), selectors.File{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, expected %q", name, err, c.want)
		}
	}
}

// TestXLSX: numbers and dates keep what they are beside how they are shown.
func TestXLSX(t *testing.T) {
	book := excelize.NewFile()
	if _, err := book.NewSheet("Stock"); err != nil {
		t.Fatal(err)
	}
	day, err := book.NewStyle(&excelize.Style{NumFmt: 14})
	if err != nil {
		t.Fatal(err)
	}
	for cell, value := range map[string]any{"A1": "Code", "B1": "Stock", "C1": "Checked", "A2": "007", "B2": 1250.5, "C2": 46349, "A3": "A-2", "B3": 0, "C3": 46350} {
		if err := book.SetCellValue("Stock", cell, value); err != nil {
			t.Fatal(err)
		}
	}
	if err := book.SetCellStyle("Stock", "C2", "C3", day); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := book.Write(&b); err != nil {
		t.Fatal(err)
	}
	got, err := table.Read("stock.xlsx", b.Bytes(), selectors.File{Sheet: "Stock"})
	if err != nil {
		t.Fatal(err)
	}
	row := got.Rows[0]
	if date, ok := row[2].Date(); row[0].Text != "007" || row[1].Number != "1250.5" || !ok || date != "2026-11-23T00:00" {
		t.Errorf("%+v, %s", row, date)
	}
	if _, why := got.Column("Quantity"); !strings.Contains(why, "there are: Code, Stock, Checked") {
		t.Error(why)
	}
	if _, err := table.Read("stock.xlsx", b.Bytes(), selectors.File{Sheet: "Other"}); err == nil || !strings.Contains(err.Error(), "Stock") {
		t.Errorf("%v", err)
	}
}

func TestAnswers(t *testing.T) {
	entries, document, err := table.List([]byte(`{"data":{"items":[{"sku":"A","qty":12345678901234567890,"on":true,"x":null}]},"total":1}`), "data.items")
	if err != nil || len(entries) != 1 {
		t.Fatal(entries, err)
	}
	if v, why := table.At(entries[0], "qty"); v.Text != "12345678901234567890" || why != "" {
		t.Errorf("%+v, %s", v, why)
	}
	if v, why := table.At(document, "total"); v.Number != "1" || why != "" {
		t.Errorf("%+v, %s", v, why)
	}
	if _, why := table.At(entries[0], "stock"); why != "the answer has no stock" {
		t.Error(why)
	}
	for body, want := range map[string]string{`{"data":`: "cut off", `{"data":{}}`: "without items", `{"data":{"items":{}}}`: "an object at"} {
		if _, _, err := table.List([]byte(body), "data.items"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("a.csv", []byte("Code;Stock\nA;1\n"))
	f.Add("a.xlsx", []byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		got, err := table.Read(name, data, selectors.File{})
		if err == nil && len(got.Headers) == 0 {
			t.Error("no headings, and no error")
		}
	})
}
