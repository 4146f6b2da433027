package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
)

// ConfigFile is the only file that holds settings. It is data: what needs code uses the Vite path.
const ConfigFile = "eclipsa.config.json"

// Settings are the flags of the commands and the keys of eclipsa.config.json, by the same names
// (schema.json describes them). The zero value is every default but Base and Port, which
// DefaultSettings has.
type Settings struct {
	// Schema is for editors; nothing reads it.
	Schema string `json:"$schema,omitempty"`
	// Base prefixes pages, assets and /__eclipsa/. It starts and ends with a slash.
	Base string `json:"base,omitempty"`
	// Port is the first one that dev tries; with StrictPort the only one.
	Port       int  `json:"port,omitempty"`
	StrictPort bool `json:"strictPort,omitempty"`
	// Host is the address that dev listens on; "" is loopback (IPv4 and IPv6).
	Host string `json:"host,omitempty"`
	Open bool   `json:"open,omitempty"`
	// Editor is the command that the error overlay opens files with; "" looks for one.
	Editor string `json:"editor,omitempty"`
	// AllowedHosts and AllowedOrigins are accepted besides the server's own.
	AllowedHosts   []string `json:"allowedHosts,omitempty"`
	AllowedOrigins []string `json:"allowedOrigins,omitempty"`
	// TrustProxy makes X-Forwarded-* count.
	TrustProxy bool `json:"trustProxy,omitempty"`
	// HTTPS is the certificate that dev serves with.
	HTTPS *HTTPS `json:"https,omitempty"`
	// Poll makes dev look at files instead of asking the system, for mounts without events.
	Poll bool `json:"poll,omitempty"`
	// External names packages that stay imports in dist/server.
	External []string `json:"external,omitempty"`
	// Sourcemap writes source maps (without sources) for the client too.
	Sourcemap bool `json:"sourcemap,omitempty"`
	// Compress is "default" (brotli 9 and gzip 9), "max" (brotli 11) or "none".
	Compress string `json:"compress,omitempty"`
	// BuildHost is what `eclipsa build --host` names: "node", "bun", "deno" or "workers".
	// It isn't called host in the file because that is an address there.
	BuildHost string `json:"buildHost,omitempty"`
}

// HTTPS names two PEM files, relative to the app.
type HTTPS struct {
	Key  string `json:"key"`
	Cert string `json:"cert"`
}

// DefaultSettings are the settings of an app without eclipsa.config.json.
func DefaultSettings() Settings {
	return Settings{Base: "/", Port: 5173, Compress: "default", BuildHost: "node"}
}

// loadSettings reads eclipsa.config.json, applies the flags and checks the outcome.
func loadSettings(root string, overrides []Override) (Settings, error) {
	settings := DefaultSettings()
	text, err := os.ReadFile(filepath.Join(root, ConfigFile))
	if err == nil {
		err = parseSettings(text, &settings)
	} else if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return settings, err
	}
	for _, override := range overrides {
		override(&settings)
	}
	return settings, settings.check()
}

// parseSettings goes through the object key by key, since json.Decoder alone can't say where an
// unknown key or a value of the wrong type stands.
func parseSettings(text []byte, settings *Settings) error {
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	if problem := checkJSON(text, ConfigFile); problem != nil {
		return problem
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return &Problem{Text: "must hold an object: { … }", Path: ConfigFile + ":1:1"}
	}
	fields := settingFields(settings)
	var problems []error
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		key, _ := token.(string)
		place := position(text, int(decoder.InputOffset())-len(key)-2)
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return err
		}
		if problem := setSetting(fields, key, value); problem != nil {
			problem.Path = ConfigFile + place
			problems = append(problems, problem)
		}
	}
	return errors.Join(problems...)
}

func setSetting(fields map[string]reflect.Value, key string, value json.RawMessage) *Problem {
	field, ok := fields[key]
	if !ok {
		problem := &Problem{Text: fmt.Sprintf("%q is not a setting", key)}
		if near := Nearest(key, mapKeys(fields)); near != "" {
			problem.Hint = fmt.Sprintf("Did you mean %q?", near)
		} else {
			problem.Hint = "The settings are " + strings.Join(mapKeys(fields), ", ") + "."
		}
		return problem
	}
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(field.Addr().Interface()); err != nil {
		return &Problem{Text: fmt.Sprintf("%q must be %s, not %s", key, describeType(field.Type()), value)}
	}
	return nil
}

// settingFields maps the names in the file to the fields of settings.
func settingFields(settings *Settings) map[string]reflect.Value {
	fields := map[string]reflect.Value{}
	value := reflect.ValueOf(settings).Elem()
	for i := range value.NumField() {
		name, _, _ := strings.Cut(value.Type().Field(i).Tag.Get("json"), ",")
		fields[name] = value.Field(i)
	}
	return fields
}

func describeType(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Slice:
		return "an array of strings"
	case reflect.Pointer:
		return `an object { "key": "file", "cert": "file" }`
	}
	return "a string"
}

// checkJSON reports broken JSON with its place.
func checkJSON(text []byte, file string) *Problem {
	decoder := json.NewDecoder(bytes.NewReader(text))
	var value json.RawMessage
	err := decoder.Decode(&value)
	if err == nil {
		if _, err = decoder.Token(); err == io.EOF {
			return nil
		}
		return &Problem{Text: "is not valid JSON: there is text after the value", Path: file + position(text, int(decoder.InputOffset())-1)}
	}
	offset, reason := len(text), "it ends too early"
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		offset, reason = int(syntax.Offset)-1, syntax.Error()
	}
	return &Problem{Text: "is not valid JSON: " + reason, Path: file + position(text, offset),
		Hint: "JSON has no comments and no comma after the last entry; names and strings stand in double quotes."}
}

// position is ":line:column" of an offset, 1-based.
func position(text []byte, offset int) string {
	offset = max(0, min(offset, len(text)))
	before := text[:offset]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len([]rune(string(before[bytes.LastIndexByte(before, '\n')+1:]))) + 1
	return fmt.Sprintf(":%d:%d", line, column)
}

// check refuses values that no part could work with, and completes Base.
func (s *Settings) check() error {
	var problems []error
	bad := func(text, hint string) {
		problems = append(problems, &Problem{Text: text, Hint: hint, Path: ConfigFile})
	}
	if !strings.HasPrefix(s.Base, "/") || strings.HasPrefix(s.Base, "//") || strings.ContainsAny(s.Base, "?#\\ \"'<>") {
		bad(fmt.Sprintf("base %q is not a path", s.Base), `It starts with a slash: "/" or "/shop/".`)
	} else if !strings.HasSuffix(s.Base, "/") {
		s.Base += "/"
	}
	if s.Port < 0 || s.Port > 65535 {
		bad(fmt.Sprintf("port %d does not exist", s.Port), "Ports are 0 (any free one) to 65535.")
	}
	if !oneOf(s.Compress, "default", "max", "none") {
		bad(fmt.Sprintf("compress %q is unknown", s.Compress), `It is "default", "max" or "none".`)
	}
	if !oneOf(s.BuildHost, "node", "bun", "deno", "workers") {
		bad(fmt.Sprintf("host %q is unknown", s.BuildHost), "eclipsa build --host takes node, bun, deno or workers.")
	}
	return errors.Join(problems...)
}
