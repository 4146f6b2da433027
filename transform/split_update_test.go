package transform

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// updated are files around the one of split_stability_test.go: others import what it declares, and
// have state of their own.
var updated = []section{
	{"app/+page.tsx", editable},
	{"app/db.ts", "export const db = { save: async (row: unknown) => row }\nexport function open() { return db }\nexport type Row = {}\n"},
	{"app/button.tsx", "export const Button = () => <button/>\n"},
	{"app/schema.ts", "export const z = { string: () => ({}) }\n"},
	{"app/count.ts", "export default 1\n"},
	// Reads a function of the view, and keeps state beside.
	{"app/reader.ts", "import { both } from './+page.js'\nimport { db, open } from './db.js'\nconst cache = new Map([[db, 1]])\nexport function read() { return both(cache.size) + open().x }\n"},
	// Runs code with what it imports.
	{"app/runner.ts", "import { useSave } from './+page.js'\nexport const hooks = [useSave]\n"},
	{"app/main.ts", "import './reader.js'\nimport './runner.js'\nexport const started = new Date()\n"},
}

// What the registry evaluates again after an edit, by the real algorithm.
func TestSplitUpdatesEvaluateLittle(t *testing.T) {
	cases := []struct{ file, from, to, want string }{
		{"app/+page.tsx", "<h1>{title}</h1>", "<h2>{title}</h2>",
			"app/+page.tsx?view app/+page.tsx"},
		{"app/+page.tsx", "'hello '", "'hi '",
			"app/+page.tsx?symbols app/+page.tsx?view app/+page.tsx app/reader.ts?view app/reader.ts app/runner.ts"},
		{"app/+page.tsx", "visits: number = 0", "visits: number = 1",
			"app/+page.tsx?body app/+page.tsx?symbols app/+page.tsx?view app/+page.tsx app/reader.ts?view app/reader.ts app/runner.ts"},
		{"app/+page.tsx", "// a comment", "/* another */", ""},
		{"app/+page.tsx", "import { z }", "import './count.js'\nimport { z }", "app/+page.tsx?imports"},
		{"app/db.ts", "return db }", "return { ...db } }", "app/db.ts?view app/db.ts app/reader.ts?view app/reader.ts"},
		{"app/reader.ts", "cache.size", "cache.size + 1", "app/reader.ts?view app/reader.ts"},
		{"app/reader.ts", "[db, 1]", "[db, 2]", "app/reader.ts?body app/reader.ts?view app/reader.ts"},
		{"app/count.ts", "default 1", "default 2", "app/count.ts"},
	}
	before := registryDefinitions(t, updated)
	programs := make([]string, len(cases))
	for i, c := range cases {
		var b strings.Builder
		files := append([]section{}, updated...)
		for j := range files {
			if files[j].name == c.file {
				edited := strings.Replace(files[j].text, c.from, c.to, 1)
				if edited == files[j].text {
					t.Fatalf("nothing was edited: %s", c.from)
				}
				files[j].text = edited
			}
		}
		b.WriteString("async () => {" + splitPrelude + "const registry = createRegistry({ external: { eclipsa: everything('eclipsa'), 'eclipsa/jsx-runtime': known }, meta: (id) => ({ id }) })\n")
		for _, d := range before {
			b.WriteString(d.text + "\n")
		}
		b.WriteString("await registry.import('app/main.ts')\nawait registry.import('app/count.ts')\nconst changed = []\n")
		known := map[string]string{}
		for _, d := range before {
			known[d.name] = d.text
		}
		for _, d := range registryDefinitions(t, files) {
			if known[d.name] != d.text {
				fmt.Fprintf(&b, "%s\nchanged.push(%q)\n", d.text, d.name)
			}
		}
		b.WriteString("const { evaluated } = await registry.update(changed, { evaluateRoots: true })\nreturn { order: evaluated, registered: [] }\n}")
		programs[i] = b.String()
	}
	outcomes := runPrograms(t, programs)
	for i, c := range cases {
		var got []string
		for _, id := range outcomes[i].Order {
			got = append(got, id.(string))
		}
		if inAlphabet(strings.Join(got, " ")) != inAlphabet(c.want) {
			t.Errorf("%s → %s: evaluated\n%s\nwant\n%s", c.from, c.to, strings.Join(got, " "), c.want)
		}
	}
}

// registryDefinitions are the calls of define, one a module.
func registryDefinitions(t *testing.T, files []section) (definitions []section) {
	t.Helper()
	modules := map[string]Module{}
	for _, file := range files {
		r := Transform(file.text, Options{Path: file.name, Form: Registry, Sides: Server, Split: true})
		checkParts(t, r, Registry)
		modules[file.name] = r.Server
	}
	p := &splitLinker{files: files, modules: modules, external: map[string]bool{}}
	for _, file := range files {
		p.define(file.name)
	}
	for _, text := range strings.SplitAfter(p.out.String(), "\nregistry.define(") {
		text = strings.TrimSuffix(text, "\nregistry.define(")
		if !strings.HasPrefix(text, "registry.define(") {
			text = "registry.define(" + text
		}
		var id string
		if err := json.NewDecoder(strings.NewReader(strings.TrimPrefix(text, "registry.define("))).Decode(&id); err != nil {
			t.Fatal(err)
		}
		definitions = append(definitions, section{id, strings.TrimSpace(text)})
	}
	return definitions
}
