package app

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestSettings(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{`{}`, ""},
		{`{"$schema": "./node_modules/eclipsa/schema.json", "base": "/x", "https": {"key": "k", "cert": "c"}}`, ""},
		{"{\n  \"prot\": 1 }", "eclipsa.config.json:2:3: \"prot\" is not a setting\n  Did you mean \"port\"?"},
		{`{"port": }`, `eclipsa.config.json:1:10: is not valid JSON: invalid character '}' looking for beginning of value`},
		{"{\"port\": 1,\n}", `eclipsa.config.json:2:1: is not valid JSON`},
		{`{"port": 1`, `eclipsa.config.json:1:11: is not valid JSON: it ends too early`},
		{`{} {}`, `eclipsa.config.json:1:`},
		{`[]`, `eclipsa.config.json:1:1: must hold an object`},
		{`{"port": "1"}`, `eclipsa.config.json:1:2: "port" must be a whole number, not "1"`},
		{`{"allowedHosts": "a"}`, `"allowedHosts" must be an array of strings, not "a"`},
		{`{"https": {"kye": ""}}`, `"https" must be an object`},
		{`{"base": "x"}`, `base "x" is not a path`},
		{`{"port": 70000}`, `port 70000 does not exist`},
		{`{"compress": "9"}`, `compress "9" is unknown`},
		{`{"buildHost": "node18"}`, `host "node18" is unknown`},
	} {
		root := t.TempDir()
		write(t, root, ConfigFile, test.text)
		_, err := loadSettings(root, nil)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s gave %v, want %q", test.text, err, test.want)
		}
	}
}

// schema.json is for editors; it must name the settings that Load takes, no others.
func TestSchema(t *testing.T) {
	text, err := os.ReadFile("../schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]struct{ Description, Type string }
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	delete(schema.Properties, "$schema")
	if got, want := mapKeys(schema.Properties), mapKeys(settingFields(&Settings{})); !reflect.DeepEqual(got, want) {
		t.Errorf("schema.json describes %v, the settings are %v", got, want)
	}
	for name, property := range schema.Properties {
		if property.Description == "" || property.Type == "" {
			t.Errorf("%s has no description or type", name)
		}
	}
}

func TestEnv(t *testing.T) {
	root := t.TempDir()
	write(t, root, ".env", "A=1\nVITE_B=b\nSECRET='pa$$word'\nFROM=$HOME_DIR/x\nVITE_D=${A}2\n")
	write(t, root, ".env.local", "A=local\n")
	write(t, root, ".env.production", "A=production\nVITE_E=\"two\\nlines </script>\" # note\n")
	write(t, root, ".env.development", "A=development\n")
	env, err := LoadEnv(root, Production, []string{"VITE_B=shell", "VITE_P=p", "HOME_DIR=/home"})
	if err != nil {
		t.Fatal(err)
	}
	want := Env{
		File:   map[string]string{"A": "production", "VITE_B": "shell", "SECRET": "pa$$word", "FROM": "/home/x", "VITE_D": "12", "VITE_E": "two\nlines </script>"},
		Public: map[string]string{"VITE_B": "shell", "VITE_P": "p", "VITE_D": "12", "VITE_E": "two\nlines </script>"},
	}
	delete(env.File, "HOME_DIR")
	if !reflect.DeepEqual(env, want) {
		t.Errorf("got  %v\nwant %v", env, want)
	}
	defines := (&App{Settings: DefaultSettings()}).Defines(Production, env)
	if got := defines["import.meta.env.VITE_E"]; got != `"two\nlines \u003c/script\u003e"` {
		t.Errorf("VITE_E became %s", got)
	}
	for name, value := range defines {
		if strings.Contains(name+value, "pa$$word") || strings.Contains(name, "SECRET") {
			t.Errorf("%s is public", name)
		}
	}
	write(t, root, ".env.production", "A=1\n\nbad-name=1\nPASSWORD=secret\n")
	if _, err := LoadEnv(root, Production, nil); err == nil || !strings.HasPrefix(err.Error(), ".env.production:3:1: ") || strings.Contains(err.Error(), "secret") {
		t.Errorf("a broken file gave %v", err)
	}
}

func TestProject(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	write(t, root, "package.json", `{"workspaces":["*"]}`)
	write(t, root, "web/package.json", `{"name":"web"}`)
	write(t, root, "ui/package.json", `{"name":"@acme/ui"}`)
	write(t, root, "ui/dist/package.json", `{"type":"module"}`)
	write(t, root, "rt/package.json", `{"name":"eclipsa"}`)
	write(t, root, "node_modules/lib/package.json", `{"name":"lib"}`)
	write(t, root, "node_modules/peer/package.json", `{"name":"peer","peerDependencies":{"eclipsa":"*"}}`)
	write(t, root, "node_modules/@eclipsa/node/package.json", `{"name":"@eclipsa/node","peerDependencies":{"eclipsa":"*"}}`)
	p, err := OpenProject(filepath.Join(root, "web"))
	if err != nil || p.Root != root {
		t.Fatal(p, err)
	}
	for _, test := range []struct {
		file, path string
		source     bool
	}{
		{"web/app/+page.tsx", "app/+page.tsx", true},
		{"ui/src/button.tsx", "@acme/ui/src/button.tsx", true},
		{"ui/dist/button.js", "@acme/ui/dist/button.js", true},
		{"rt/lib/index.js", "eclipsa/lib/index.js", false},
		{"node_modules/lib/a/index.js", "lib/a/index.js", false},
		{"node_modules/peer/src/a.tsx", "peer/src/a.tsx", true},
		{"node_modules/@eclipsa/node/lib/serve.js", "@eclipsa/node/lib/serve.js", false},
		{"web/node_modules/x/index.js", "node_modules/x/index.js", false},
	} {
		file := filepath.Join(root, filepath.FromSlash(test.file))
		if got := p.IsSource(file); got != test.source {
			t.Errorf("IsSource(%s) = %v", test.file, got)
		}
		if got := p.ModulePath(file); got != test.path {
			t.Errorf("ModulePath(%s) = %s, want %s", test.file, got, test.path)
		}
	}
}

func TestTSConfig(t *testing.T) {
	root := t.TempDir()
	write(t, root, "package.json", `{"name":"x"}`)
	write(t, root, "node_modules/base/tsconfig.json", `{"compilerOptions":{"jsx":"preserve","strict":true}}`)
	write(t, root, "tsconfig.json", `{ // comment
		"extends": ["base", "./tsconfig.json"], "compilerOptions": {"jsx": "react-jsx",} }`)
	p, err := OpenProject(root)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.TSConfig(filepath.Join(p.AppRoot, "app")); got != `{"compilerOptions":{"jsx":"react-jsx","strict":true}}` {
		t.Errorf("got %s", got)
	}
}

func TestManifests(t *testing.T) {
	root := t.TempDir()
	write(t, root, "package.json", `{"name":"x"}`)
	for _, file := range []string{"app/+page.tsx", "app/+layout.tsx", "app/+server-entry.ts", "app/api/+server.ts", "app/[id]/+page.tsx", "app/[id]/+middleware.ts"} {
		write(t, root, file, "")
	}
	a, err := Load(root)
	if err != nil {
		t.Fatal(err)
	}
	got := a.ServerModule() + a.ServerManifest(ManifestData{Mode: Production,
		Symbols: []ManifestSymbol{{ID: "useB-2", Kind: "action", Specifier: "/else/b.ts"}, {ID: "useA-1", Kind: "realtime", Specifier: "./app/+page.tsx"}},
		Routes:  map[string]RouteData{"/": {Symbols: []string{"useA-1"}, Assets: Assets{Styles: []string{"/a.css"}}}},
	}) + a.ClientModule(Development) + a.ClientManifest()
	golden := "testdata/manifests.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, _ := os.ReadFile(golden); got != string(want) {
		t.Errorf("got\n%s", got)
	}
}

func TestTSConfigProblems(t *testing.T) {
	root := t.TempDir()
	write(t, root, "package.json", `{"name":"x"}`)
	write(t, root, "tsconfig.json", "{\n  \"extends\": \"./config/base\" // there\n}")
	write(t, root, "config/base.json", "{\n  /* a comment */ \"compilerOptions\": [}\n}")
	write(t, root, "app/tsconfig.json", `{ "extends": "./gone" }`)
	p, err := OpenProject(root)
	if err != nil {
		t.Fatal(err)
	}
	p.TSConfig(p.AppRoot)
	p.TSConfig(filepath.Join(p.AppRoot, "app"))
	var got []string
	for _, problem := range p.TSConfigProblems() {
		got = append(got, problem.Error())
	}
	want := []string{`app/tsconfig.json:1:14: "extends" names "./gone", which is not there`,
		`config/base.json:2:39: is not valid JSON: invalid character '}' looking for beginning of value`}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	for _, file := range []string{"tsconfig.json", "config/base.json", "app/gone.json"} {
		if !slices.Contains(p.TSConfigFiles(), filepath.Join(p.AppRoot, filepath.FromSlash(file))) {
			t.Errorf("%s is not among the files", file)
		}
	}
}
