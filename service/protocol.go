package service

// How the Vite plugin talks to the Go binary (`eclipsa service`). The other side of this file is
// vite-plugin/src/service/protocol.ts; testdata/fixtures/protocol/ holds samples that the tests of both read.
//
// A frame is a length (4 bytes, little-endian) and that many bytes of JSON, 64 MiB at most. The plugin sends
// {"id": number, "request": {"type": …, …}}; each gets {"id", "answer": {…}} or {"id", "error": {"text", "hint"?, "path"?}},
// in any order: what needs the app is sent once "open" was answered. The first request is "hello"; a mismatch is answered
// with the package to update, and ends the process. The process also ends with its stdin, whatever is under way; after
// bytes that are no frame, or a message without an id, it says so on stderr and ends with 2.

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"eclipsa/app"
	"eclipsa/transform"
)

// protocolVersion goes up with every change that the other side would misunderstand.
const protocolVersion = 1

type message struct {
	ID      int
	Request request
}

// parseMessage fails only where nobody could be told: without an id.
func parseMessage(text []byte) (message, error) {
	var m struct {
		ID      *int    `json:"id"`
		Request request `json:"request"`
	}
	err := json.Unmarshal(text, &m)
	if err == nil && m.ID != nil {
		return message{*m.ID, m.Request}, nil
	}
	if id, known := idOf(text); known {
		return message{ID: id, Request: request{broken: fmt.Errorf("the request can't be read: %w", err)}}, nil
	}
	if err == nil {
		err = errors.New("it has no id")
	}
	return message{}, fmt.Errorf("a message can't be read: %w", err)
}

// idOf finds the id of a message that is broken further on.
func idOf(text []byte) (id int, known bool) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return 0, false
	}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return 0, false
		}
		if key == "id" {
			var found *int
			err := decoder.Decode(&found)
			if err != nil || found == nil {
				return 0, false
			}
			return *found, true
		}
		var skipped json.RawMessage
		if decoder.Decode(&skipped) != nil {
			return 0, false
		}
	}
	return 0, false
}

// request is one of the bodies below, by its type.
type request struct {
	kind   string
	body   any
	broken error // why there is no body
}

// UnmarshalJSON leaves what it can't read to the answer: the process goes on.
func (r *request) UnmarshalJSON(text []byte) error {
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		r.broken = fmt.Errorf("the request can't be read: %w", err)
		return nil
	}
	r.kind = head.Type
	bodies := map[string]any{"hello": &helloRequest{}, "open": &openRequest{}, "manifest": &manifestRequest{},
		"transform": &transformRequest{}, "external": &externalRequest{}, "format": &formatRequest{}}
	body, known := bodies[head.Type]
	if !known {
		r.broken = fmt.Errorf("there is no request %q", head.Type)
		return nil
	}
	if err := json.Unmarshal(text, body); err != nil {
		r.broken = fmt.Errorf("%q can't be read: %w", head.Type, err)
		return nil
	}
	r.body = body
	return nil
}

// subject is what a request is about, for messages.
func (r request) subject() string {
	if body, ok := r.body.(*transformRequest); ok {
		return "the transform of " + body.File
	}
	return fmt.Sprintf("%q", r.kind)
}

type helloRequest struct {
	Protocol int    `json:"protocol"`
	Version  string `json:"version"`
}

type helloAnswer struct {
	Protocol int    `json:"protocol"`
	Version  string `json:"version"`
}

// openRequest reads an app, or reads it anew.
type openRequest struct {
	Root string   `json:"root"`
	Mode app.Mode `json:"mode"`
	// Base is Vite's.
	Base string `json:"base"`
}

type appAnswer struct {
	Root     string         `json:"root"`
	Project  string         `json:"project"` // the folder with the workspace, or Root
	Package  string         `json:"package"`
	Base     string         `json:"base"`
	Settings settingsAnswer `json:"settings"`
	// Relative to Root, "" when absent.
	ServerEntry    string        `json:"serverEntry"`
	SSRRoot        string        `json:"ssrRoot"`
	ClientEntry    string        `json:"clientEntry"`
	ClientDevEntry string        `json:"clientDevEntry"`
	Hooks          string        `json:"hooks"`
	ServerHooks    string        `json:"serverHooks"`
	Routes         []routeAnswer `json:"routes"`
	Linked         []string      `json:"linked"`
	// Modules are the texts of the virtual modules that depend on nothing else.
	Modules map[string]string `json:"modules"`
}

type settingsAnswer struct {
	External       []string `json:"external"`
	AllowedHosts   []string `json:"allowedHosts"`
	AllowedOrigins []string `json:"allowedOrigins"`
	TrustProxy     bool     `json:"trustProxy"`
	BuildHost      string   `json:"buildHost"`
	Sourcemap      bool     `json:"sourcemap"`
	Compress       string   `json:"compress"`
}

type routeAnswer struct {
	ID          string   `json:"id"`
	Page        string   `json:"page"`
	Server      string   `json:"server"`
	Layouts     []string `json:"layouts"`
	Middlewares []string `json:"middlewares"`
	NotFound    string   `json:"notFound"`
	Error       string   `json:"error"`
	Loading     string   `json:"loading"`
	ClientFiles []string `json:"clientFiles"`
}

// manifestRequest asks for the text of eclipsa:server-manifest.
type manifestRequest struct {
	Data manifestData `json:"data"`
}

type manifestData struct {
	Symbols []struct {
		ID        string `json:"id"`
		Kind      string `json:"kind"`
		Specifier string `json:"specifier"`
	} `json:"symbols"`
	Routes map[string]struct {
		Symbols []string   `json:"symbols"`
		Assets  app.Assets `json:"assets"`
	} `json:"routes"`
	Assets          app.Assets `json:"assets"`
	NotFoundScripts []string   `json:"notFoundScripts"`
}

type textAnswer struct {
	Text string `json:"text"`
}

// externalRequest asks whether server code can have a package in its bundle.
type externalRequest struct {
	Specifier string `json:"specifier"`
	Folder    string `json:"folder"` // of the file that imports it, absolute
}

type externalAnswer struct {
	Note string `json:"note"` // for whoever builds, where the package stays an import; else ""
}

type transformRequest struct {
	File      string   `json:"file"` // absolute
	Code      string   `json:"code"`
	Sides     string   `json:"sides"` // "client", "server" or "both"
	Dev       bool     `json:"dev"`
	SourceMap bool     `json:"sourceMap"`
	Split     bool     `json:"split"`
	Removable []string `json:"removable"`
}

type transformAnswer struct {
	// Path is the module's in ids and messages.
	Path       string `json:"path"`
	ServerOnly bool   `json:"serverOnly"`
	// Client and Server are absent where they were not asked for.
	Client      *moduleAnswer          `json:"client,omitempty"`
	Server      *moduleAnswer          `json:"server,omitempty"`
	Symbols     []symbolAnswer         `json:"symbols"`
	Diagnostics []transform.Diagnostic `json:"diagnostics"`
}

// moduleAnswer is transform.Module.
type moduleAnswer struct {
	Code        string            `json:"code"`
	Map         string            `json:"map,omitempty"`
	Imports     []importAnswer    `json:"imports"`
	Removed     []importAnswer    `json:"removed"`
	Exports     []string          `json:"exports"`
	ExportStars []string          `json:"exportStars"`
	Unchanged   bool              `json:"unchanged"`
	AcceptsHot  bool              `json:"acceptsHot"`
	Parts       []partAnswer      `json:"parts,omitempty"`
	ExportParts map[string]string `json:"exportParts,omitempty"`
}

type importAnswer struct {
	Specifier string   `json:"specifier"`
	Kind      string   `json:"kind"` // "static", "dynamic" or "require"
	Names     []string `json:"names"`
	Line      int      `json:"line"`
	Column    int      `json:"column"`
}

type partAnswer struct {
	Name    string          `json:"name"`
	Code    string          `json:"code"`
	Map     string          `json:"map,omitempty"`
	Deps    []partDepAnswer `json:"deps"`
	Dynamic []importAnswer  `json:"dynamic"`
}

type partDepAnswer struct {
	Part   string   `json:"part"`
	Import int      `json:"import"`
	Names  []string `json:"names"`
	Weak   bool     `json:"weak"`
}

type symbolAnswer struct {
	ID      string               `json:"id"`
	Kind    transform.SymbolKind `json:"kind"`
	Name    string               `json:"name"`
	Line    int                  `json:"line"`
	Column  int                  `json:"column"`
	Hash    string               `json:"hash"`
	Reaches []partDepAnswer      `json:"reaches"`
}

// formatRequest asks for diagnostics as a terminal shows them.
type formatRequest struct {
	Diagnostics []transform.Diagnostic `json:"diagnostics"`
	Color       bool                   `json:"color"`
}
