package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/joho/godotenv"
)

// publicPrefix marks the variables that reach the browser. Nothing else does.
const publicPrefix = "VITE_"

// Env is what the .env files say, and what the process's own environment says for the variables
// that they or VITE_ name.
type Env struct {
	// File holds the variables of the .env files; the process's own values win. Dev gives them to
	// the worker. dist/ never reads them.
	File map[string]string
	// Public are the VITE_ variables, the process's included.
	Public map[string]string
}

// EnvFiles are the names that LoadEnv reads, the later winning (Vite's rule).
func EnvFiles(mode Mode) []string {
	return []string{".env", ".env.local", ".env." + string(mode), ".env." + string(mode) + ".local"}
}

// LoadEnv reads the app's .env files. environ is os.Environ().
func LoadEnv(root string, mode Mode, environ []string) (Env, error) {
	process := map[string]string{}
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok {
			process[name] = value
		}
	}
	var all strings.Builder
	for _, name := range EnvFiles(mode) {
		text, err := os.ReadFile(filepath.Join(root, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return Env{}, err
		}
		if problem := checkEnvFile(name, string(text)); problem != nil {
			return Env{}, problem
		}
		all.Write(text)
		all.WriteByte('\n')
	}
	env := Env{File: map[string]string{}, Public: map[string]string{}}
	env.File, _ = godotenv.Unmarshal(inherited(all.String(), process) + all.String())
	for name := range env.File {
		if value, ok := process[name]; ok {
			env.File[name] = value
		}
	}
	for _, variables := range []map[string]string{process, env.File} {
		for name, value := range variables {
			if strings.HasPrefix(name, publicPrefix) {
				env.Public[name] = value
			}
		}
	}
	return env, nil
}

var mentioned = regexp.MustCompile(`\$\{?([A-Z0-9_]+)`)

// inherited defines, as .env text, the process's variables that the files mention ($HOME), since
// godotenv expands only what the text itself defines. Values that no quotes can hold are left out.
func inherited(text string, process map[string]string) string {
	var lines strings.Builder
	for _, match := range mentioned.FindAllStringSubmatch(text, -1) {
		if value, ok := process[match[1]]; ok && !strings.ContainsAny(value, "'\n\r\\") {
			fmt.Fprintf(&lines, "%s='%s'\n", match[1], value)
		}
	}
	return lines.String()
}

// checkEnvFile names the line that can't be read. godotenv's own error would print what follows
// it, which may be a password.
func checkEnvFile(name, text string) *Problem {
	if _, err := godotenv.Unmarshal(text); err == nil {
		return nil
	}
	lines, good := strings.SplitAfter(text, "\n"), 0
	for i := range lines {
		if _, err := godotenv.Unmarshal(strings.Join(lines[:i], "")); err == nil {
			good = i
		}
	}
	return &Problem{Text: "this line is not NAME=value", Path: name + ":" + strconv.Itoa(good+1) + ":1",
		Hint: "Names are letters, digits and underscores; a value with spaces stands in quotes, which must be closed."}
}

// Defines are the constants of one mode, as esbuild's and transform's option Define takes them.
// import.meta.env.SSR is not among them: transform knows the side itself, and esbuild gets it from
// SideDefines.
func (a *App) Defines(mode Mode, env Env) map[string]string {
	defines := map[string]string{
		"import.meta.env.MODE":     quote(string(mode)),
		"import.meta.env.DEV":      strconv.FormatBool(mode == Development),
		"import.meta.env.PROD":     strconv.FormatBool(mode != Development),
		"import.meta.env.BASE_URL": quote(a.Settings.Base),
		"process.env.NODE_ENV":     quote(string(mode)),
	}
	for name, value := range env.Public {
		defines["import.meta.env."+name] = quote(value)
	}
	if mode == Production {
		defines["import.meta.hot"] = "undefined" // its branches go
	}
	return defines
}

// SideDefines are Defines and what a bundler of one side needs besides: SSR, and with whole the
// object itself, for code that passes import.meta.env around (esbuild then imports it everywhere).
func (a *App) SideDefines(mode Mode, env Env, ssr, whole bool) map[string]string {
	defines := a.Defines(mode, env)
	defines["import.meta.env.SSR"] = strconv.FormatBool(ssr)
	if !whole {
		return defines
	}
	object := map[string]any{"MODE": mode, "DEV": mode == Development, "PROD": mode != Development, "BASE_URL": a.Settings.Base, "SSR": ssr}
	for name, value := range env.Public {
		object[name] = value
	}
	defines["import.meta.env"] = quote(object)
	return defines
}

// quote writes a value as JSON. Go escapes <, > and & in it, so the text may stand anywhere.
func quote(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // only for values that this package never passes
	}
	return string(text)
}
