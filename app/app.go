// Package app reads an app folder (settings, environment, file routes) and writes the manifests,
// which are data: modules that name what the folder holds and contain no behaviour.
package app

// App is a folder with package.json and app/. All its paths are slash-separated and relative to Root.
type App struct {
	Root     string // absolute, native separators
	Settings Settings
	// Routes, most specific first.
	Routes []Route
	// Optional root files ("" when absent).
	ServerEntry, SSRRoot, ClientEntry string
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
