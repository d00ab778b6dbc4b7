package recording_test

import (
	"strings"
	"testing"

	"restock/selectors"
	"restock/selectors/recording"
)

// TestRecorder: alternatives come ranked, those that will not last are left out with the reason, and the file loads.
func TestRecorder(t *testing.T) {
	text, err := recording.Import("r.json", []byte(`{"title":"t","steps":[
		{"type":"navigate","url":"https://crm.example.com/list"},
		{"type":"click","selectors":[["div > div:nth-child(7) > button"],["#ui-id-1742"],["xpath//html/body/div[3]/button"],["aria/Save[role=\"button\"]"],["text/Save"],["[data-testid=\"save\"]"]]},
		{"type":"click","selectors":[["x-toolbar","#more"]],"frame":[0]},
		{"type":"change","value":"Waiting","selectors":[["aria/Status"],["#status"]]},
		{"type":"doubleClick","selectors":[["button"]]},
		{"type":"waitForExpression","expression":"1"}]}`), recording.Options{Site: "crm"})
	if err != nil {
		t.Fatal(err)
	}
	got := string(text)
	for _, want := range []string{
		`- click: [{testid: save}, {role: button, name: Save}, {text: Save}]`,
		"left out {css: \"#ui-id-1742\"}: the id looks made up",
		"left out {css: \"div > div:nth-child(7) > button\"}: a position changes",
		"left out {xpath: \"/html/body/div[3]/button\"}: a long path",
		"inside a frame",
		`- fill: {element: [{label: Status}, {css: "#status"}], value: Waiting}`,
		"a bare tag matches too much; nothing better was recorded",
		`a step "waitForExpression" was not taken over`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("expected %q in\n%s", want, got)
		}
	}
	if _, err := selectors.Load("crm.yaml", text); err != nil {
		t.Error(err)
	}
}

// TestPasswords: no password that was recorded reaches the file, wherever it stands.
func TestPasswords(t *testing.T) {
	login := `{"type":"navigate","url":"https://x.example/login"},{"type":"change","value":"anna","selectors":[["#u"]]},
		{"type":"change","value":"pa$$-word1","selectors":[["aria/Kennwort"],["#p"]]},{"type":"click","selectors":[["aria/Go[role=\"button\"]"]]}`
	text, err := recording.Import("r.json", []byte(`{"steps":[`+login+`]}`), recording.Options{})
	if err != nil || strings.Contains(string(text), "pa$$") || strings.Contains(string(text), "anna") ||
		!strings.Contains(string(text), `"${secret:X_EXAMPLE_PASSWORD}"`) || !strings.Contains(string(text), `"${secret:X_EXAMPLE_USER}"`) {
		t.Errorf("%v\n%s", err, text)
	}
	again := `{"steps":[` + login + `,{"type":"change","value":"pa$$-word1","selectors":[["#search"]]}]}`
	if text, err = recording.Import("r.json", []byte(again), recording.Options{}); err == nil || strings.Contains(err.Error(), "pa$$") {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestUiPath(t *testing.T) {
	text, err := recording.Import("s.xml", []byte(`<html app='chrome.exe' title='CRM*' /><webctrl aaname='Add note*' tag='BUTTON' idx='3' parentid='toolbar' class='btn' />
		<html title='CRM' /><frm name='editor' /><webctrl tag='TEXTAREA' id='note' />
		<wnd app='notepad.exe' />`), recording.Options{Site: "crm"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`add_note_1: {role: button, name: "Add note*"}`, "idx is a position", `note_2: {css: "#note", frame: editor}`, "not taken over",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("expected %q in\n%s", want, text)
		}
	}
	if _, err := selectors.Load("crm.yaml", text); err != nil {
		t.Error(err)
	}
}

// FuzzImport: whatever is imported, what comes out loads.
func FuzzImport(f *testing.F) {
	f.Add([]byte(`{"steps":[{"type":"navigate","url":"https://x.example/a b"},{"type":"change","value":"x: #y","selectors":[["aria/\"q\""],["#a"]]}]}`))
	f.Add([]byte(`{"url":"https://x.example","tests":[{"commands":[{"command":"click","target":"css=a"}]}]}`))
	f.Add([]byte(`<html /><webctrl aaname='a: b' tag='A' />`))
	f.Fuzz(func(t *testing.T, data []byte) {
		text, err := recording.Import("x", data, recording.Options{Site: "x"})
		if err != nil {
			return
		}
		if _, err := selectors.Load("x.yaml", text); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	})
}
