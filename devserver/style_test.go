package devserver

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

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
	if _, err := before.get(sheet); err != nil {
		t.Fatal(err)
	}
	after := before.renewed(project, "/")
	if got := after.changed(file); !slices.Equal(got, []string{"app/style.css"}) {
		t.Errorf("an edit after another configuration changes %q", got)
	}
	write("p { color: blue }")
	first, _ := before.renewed(project, "/").get(sheet)
	if old, _ := before.get(sheet); first == old {
		t.Errorf("not bundled again: %q", first)
	}
}
