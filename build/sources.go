package build

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"eclipsa/transform"

	"github.com/evanw/esbuild/pkg/api"
)

// sources reads and transforms each source file once, whichever build asks first.
type sources struct {
	b         *builder
	files     sync.Map // path → *source
	tsconfigs sync.Map // folder → string
	// wholeEnv is set when a file uses import.meta.env other than for one of its properties.
	wholeEnv atomic.Bool
}

var wholeEnv = regexp.MustCompile(`import\.meta\.env\s*([^\s.\w$]|$)`)

// source is one file. Its fields are set once, before get returns it.
type source struct {
	once sync.Once
	path string // absolute
	name string // in ids and messages
	text string
	err  error
	// plain files go to esbuild as they are: no second parse.
	plain  bool
	result transform.Result
}

func newSources(b *builder) *sources { return &sources{b: b} }

func (s *sources) get(path string) *source {
	entry, ok := s.files.Load(path)
	if !ok {
		entry, _ = s.files.LoadOrStore(path, &source{path: path})
	}
	file := entry.(*source)
	file.once.Do(func() { s.load(file) })
	return file
}

func (s *sources) load(file *source) {
	text, err := os.ReadFile(file.path)
	file.text, file.err = string(text), err
	file.name = s.b.name(file.path)
	if err != nil {
		return
	}
	if !s.wholeEnv.Load() && strings.Contains(file.text, "import.meta.env") && wholeEnv.MatchString(file.text) {
		s.wholeEnv.Store(true)
	}
	if file.plain = !transform.NeedsTransform(file.text, file.name); !file.plain {
		file.result = s.transform(file, transform.Both, nil)
	}
}

func (s *sources) transform(file *source, sides transform.Sides, removable []string) transform.Result {
	return transform.Transform(file.text, transform.Options{
		Path:      file.name,
		Sides:     sides,
		SourceMap: true,
		Define:    s.b.defines,
		TSConfig:  s.tsconfig(filepath.Dir(file.path)),
		Removable: removable,
	})
}

func (s *sources) tsconfig(dir string) string {
	if known, ok := s.tsconfigs.Load(dir); ok {
		return known.(string)
	}
	text := s.b.project.TSConfig(dir)
	s.tsconfigs.Store(dir, text)
	return text
}

// messages are the findings of a transform.
func (s *sources) messages(file *source, result transform.Result) (errors, warnings []api.Message) {
	for _, d := range result.Diagnostics {
		if m := message(d, s.b.place(file.path)); d.Severity == transform.Error {
			errors = append(errors, m)
		} else {
			warnings = append(warnings, m)
		}
	}
	return errors, warnings
}

// loader is esbuild's for a source file. Plain JavaScript may hold JSX in an app.
func loader(path string) api.Loader {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".ts", ".mts", ".cts":
		return api.LoaderTS
	case ".tsx":
		return api.LoaderTSX
	}
	return api.LoaderJSX
}

// plainText is the text for esbuild of a file that needs no transform. tsconfig.json may tell
// editors "jsx": "preserve", which would leave JSX in the output; a pragma outranks it.
func (s *sources) plainText(file *source) string {
	if ext := filepath.Ext(file.path); ext != ".tsx" && ext != ".jsx" && ext != ".js" {
		return file.text
	}
	config := s.tsconfig(filepath.Dir(file.path))
	if strings.Contains(config, `"jsx":"preserve"`) || strings.Contains(config, `"jsx":"react"`) || strings.Contains(config, `"jsx":"react-native"`) {
		return "/* @jsxRuntime automatic */" + file.text
	}
	return file.text
}

// removable is the client's module of a file of which other modules' removed code alone imports
// these names.
func (s *sources) removable(file *source, names []string) transform.Result {
	return s.transform(file, transform.Client, names)
}

// exported lists which exports of the file at path an import means: a namespace or dynamic import
// means all of them.
func (s *sources) exported(path string, edge transform.Import) []string {
	if edge.Kind == transform.StaticImport && !slices.Contains(edge.Names, "*") {
		return edge.Names
	}
	file := s.get(path)
	if file.err != nil {
		return nil
	}
	if file.plain {
		return s.transform(file, transform.Client, nil).Client.Exports
	}
	return file.result.Client.Exports
}
