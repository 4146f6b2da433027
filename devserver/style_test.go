package devserver

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"eclipsa/app"
)

func TestStylesAreKnownUnderAnotherConfiguration(t *testing.T) {
	root := t.TempDir()
	file := filepath.Join(root, "app", "style.css")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("p { color: red }")
	sheet := &module{place: place{id: "app/style.css", kind: style, file: file}}
	project := &app.Project{Root: root, AppRoot: root}
	before := newStyles(project, "/")
	if made := before.get(sheet); len(made.problems) > 0 {
		t.Fatal(made.problems)
	}
	after := before.renewed(project, "/")
	write("p { color: blue }")
	if got := after.refresh(map[string]change{file: written}, map[string]*module{sheet.id: sheet}); !slices.Equal(got, []string{"app/style.css"}) {
		t.Errorf("an edit after another configuration changes %q", got)
	}
	first := before.renewed(project, "/").get(sheet)
	if old := before.get(sheet); first.css == old.css {
		t.Errorf("not bundled again: %q", first.css)
	}
}

// What a plain write looks like to somebody who reads right then (see readSettled).
func TestStylesheetThatIsBeingWritten(t *testing.T) {
	root := t.TempDir()
	file := filepath.Join(root, "style.css")
	os.WriteFile(file, []byte("p { color: red }"), 0o644)
	s := newStyles(&app.Project{Root: root, AppRoot: root}, "/")
	sheet := &module{place: place{id: "style.css", kind: style, file: file}}
	s.get(sheet)
	os.Truncate(file, 0)
	written := make(chan error)
	go func() {
		time.Sleep(2 * settleTime) // a writer that the machine stopped
		written <- os.WriteFile(file, []byte("p { color: blue }"), 0o644)
	}()
	s.refresh(map[string]change{file: replaced}, map[string]*module{sheet.id: sheet})
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	if css := s.get(sheet).css; !strings.Contains(css, "blue") {
		t.Errorf("got %q", css)
	}
	os.Truncate(file, 0)
	s.refresh(map[string]change{file: replaced}, map[string]*module{sheet.id: sheet})
	if css := s.get(sheet).css; strings.Contains(css, "blue") {
		t.Errorf("an emptied file still gives %q", css)
	}
}

func TestJoinStylesheets(t *testing.T) {
	got := joinStylesheets([]string{
		"/* first.css */\np { color: red }",
		"@charset \"UTF-8\";\n@import \"https://fonts.test/a.css\";\n@import \"/b.css\" print;\n\n/* second.css */\nq { quotes: \"»\" }\n",
		"",
	})
	want := "@import \"https://fonts.test/a.css\";\n@import \"/b.css\" print;\n/* first.css */\np { color: red }\n\n/* second.css */\nq { quotes: \"»\" }\n\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
