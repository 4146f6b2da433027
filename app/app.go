// Package app reads an app folder (settings, environment, file routes) and writes the manifests,
// which are data: modules that name what the folder holds and contain no behaviour.
package app

// App is a folder with package.json and app/. All its paths are slash-separated and relative to Root.
type App struct {
	Root     string // absolute, native separators
	Settings Settings
	// Routes, most specific first.
	Routes []Route
	// Optional root files ("" when absent). ClientDevEntry ("+client.dev") takes ClientEntry's
	// place in dev.
	ServerEntry, SSRRoot, ClientEntry, ClientDevEntry string
	// Hooks is app/+hooks.ts, ServerHooks app/+hooks.server.ts ("" when absent).
	Hooks, ServerHooks string
	// Package is the name in package.json, or "".
	Package string
	// Linked are the folders (real paths) below app/ that links lead to and that lie outside Root.
	Linked []string
}

// Route is one URL pattern and the files that serve it.
type Route struct {
	ID       string // "/rooms/[id]": the folders without groups
	Segments []Segment
	Page     string // "app/rooms/[id]/+page.tsx"; "" for a route with only a +server file
	Server   string
	// Outer first.
	Layouts, Middlewares []string
	// The nearest one upwards, or "".
	NotFound, Error, Loading string
}

// Segment of a pattern. Type is "static", "param", "optional" or "rest".
type Segment struct {
	Type  string `json:"type"`
	Value string `json:"value,omitempty"`
	Name  string `json:"name,omitempty"`
}

// Problem is a user's mistake: one sentence that says what, where and what to do.
// cmd/eclipsa prints it and exits with 1; there is never a stack trace.
type Problem struct {
	Text string
	Hint string
	Path string // relative to Root, with ":line:column" where known
}

// Mode is what import.meta.env.MODE says, and which .env files are read.
type Mode string

const (
	Development Mode = "development"
	Production  Mode = "production"
)

// Override changes settings after eclipsa.config.json was read: command line flags.
type Override func(*Settings)

// Load reads the app in the folder root. Its error is a *Problem, or several joined by errors.Join
// (Problems takes them apart).
func Load(root string, overrides ...Override) (*App, error) { return load(root, overrides) }

// LoadSettings reads an app without looking into app/, which may be as broken as it likes; Rescan does
// that when it is mended. There must be an app/.
func LoadSettings(root string, overrides ...Override) (*App, error) {
	a, err := loadSettingsOf(root, overrides)
	if err != nil {
		return nil, err
	}
	return a, a.hasFolder()
}

// Problems lists the user's mistakes in an error of Load; other errors become Problems by text.
func Problems(err error) []*Problem {
	switch err := err.(type) {
	case nil:
		return nil
	case *Problem:
		return []*Problem{err}
	case interface{ Unwrap() []error }:
		var all []*Problem
		for _, one := range err.Unwrap() {
			all = append(all, Problems(one)...)
		}
		return all
	}
	return []*Problem{{Text: err.Error()}}
}

func (p *Problem) Error() string {
	text := p.Text
	if p.Path != "" {
		text = p.Path + ": " + text
	}
	if p.Hint != "" {
		text += "\n  " + p.Hint
	}
	return text
}
