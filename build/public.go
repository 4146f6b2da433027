package build

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/html"
	"github.com/tdewolff/minify/v2/json"
	"github.com/tdewolff/minify/v2/svg"
)

// public copies public/ into client/. Names that start with a dot stay behind (.env, .git,
// .DS_Store: nothing that should be served), except .well-known, and so do links that lead out of
// the project.
func (o *output) public(b *builder) error {
	root := filepath.Join(b.app.Root, "public")
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := entry.Name(); strings.HasPrefix(name, ".") && name != ".well-known" {
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		real, err := filepath.EvalSymlinks(path)
		if err != nil || !strings.HasPrefix(real, b.project.Root+string(filepath.Separator)) {
			return nil
		}
		info, err := os.Stat(real)
		if err != nil || !info.Mode().IsRegular() {
			return nil
		}
		contents, err := os.ReadFile(real)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		return o.add("client/"+filepath.ToSlash(rel), minified(path, contents), "public/"+filepath.ToSlash(rel))
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

var minifier = newMinifier()

func newMinifier() *minify.M {
	m := minify.New()
	// Only what can't change how a file is shown or read: whole documents stay whole, quotes and
	// end tags stay, numbers in JSON keep their digits.
	m.Add("text/html", &html.Minifier{KeepDocumentTags: true, KeepEndTags: true, KeepQuotes: true, KeepWhitespace: true, KeepDefaultAttrVals: true, KeepSpecialComments: true})
	m.Add("image/svg+xml", &svg.Minifier{})
	m.Add("application/json", &json.Minifier{KeepNumbers: true})
	return m
}

// minified is the file's shorter form, if its kind has one and it is valid.
func minified(path string, contents []byte) []byte {
	kind := map[string]string{".html": "text/html", ".htm": "text/html", ".svg": "image/svg+xml", ".json": "application/json", ".webmanifest": "application/json"}[strings.ToLower(filepath.Ext(path))]
	if kind == "" {
		return contents
	}
	shorter, err := minifier.Bytes(kind, contents)
	if err != nil || len(shorter) >= len(contents) || len(shorter) == 0 {
		return contents
	}
	return shorter
}
