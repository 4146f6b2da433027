package transform

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzTransform wants of any input: it transforms or gives an error, never both modules and an
// error, never a panic, and what comes out is JavaScript.
func FuzzTransform(f *testing.F) {
	files, _ := filepath.Glob("../testdata/fixtures/transform/*.txtar")
	splits, _ := filepath.Glob("../testdata/fixtures/split/*.txtar")
	for _, file := range append(files, splits...) {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		input := parseFixture(string(text)).sections[0]
		f.Add(input.text, filepath.Ext(input.name), uint8(0))
		f.Add(input.text, filepath.Ext(input.name), uint8(3))
		f.Add(input.text, filepath.Ext(input.name), uint8(16+1))
		f.Add(input.text, filepath.Ext(input.name), uint8(16+2))
	}
	f.Add(mapped, ".tsx", uint8(7))
	f.Fuzz(func(t *testing.T, text, extension string, flags uint8) {
		options := Options{Path: "app/+page" + extension, SourceMap: flags&4 != 0, Dev: flags&2 != 0}
		if flags&1 != 0 {
			options.Form = Registry
		}
		if flags&8 != 0 {
			options.Removable = []string{"default", "x", "pool"}
		}
		options.Split = flags&16 != 0
		r := Transform(text, options)
		for _, d := range r.Diagnostics {
			d.Format(true)
			if strings.Contains(d.Text, "The compiler failed") {
				t.Fatal(d.Text, d.Notes)
			}
		}
		if hasErrors(r.Diagnostics) {
			if r.Client.Code != "" || r.Server.Code != "" {
				t.Fatal("errors and modules")
			}
			return
		}
		reparse(t, options, r)
		checkParts(t, r, options.Form)
		if r.Server.Parts != nil {
			sameClient(t, text, options, r)
		}
		if IsServerOnly(options.Path) {
			t.Fatal("a page is no server module")
		}
		if !NeedsTransform(text, options.Path) && len(r.Symbols) > 0 {
			t.Fatal("NeedsTransform missed a symbol")
		}
	})
}

// sameClient wants of a split that it left nothing behind in the tree that the client is made from.
func sameClient(t *testing.T, text string, options Options, split Result) {
	t.Helper()
	options.Split = false
	if whole := Transform(text, options); whole.Client.Code != split.Client.Code {
		t.Fatal("the split changed the client: ", firstDifference(whole.Client.Code, split.Client.Code))
	}
}
