package transform

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// moduleProgram is the files of one fixture as ES modules, for modulesRunner.
type moduleProgram struct {
	IDs     []string          `json:"ids"`
	Modules map[string]string `json:"modules"` // by file, or file?eclipsa-part=name
	// Links lead from a file's specifiers to files; External are the names that others need.
	Links    map[string]map[string]string `json:"links"`
	External map[string][]string          `json:"external"`
}

// modulesRunner links programs as Node's own ES modules, each in a context of its own.
const modulesRunner = `
import { readFileSync } from 'node:fs'
import path from 'node:path'
import vm from 'node:vm'
process.on('unhandledRejection', () => {})
const { prelude, finale, programs } = JSON.parse(readFileSync(new URL('programs.json', import.meta.url), 'utf8'))

function run({ ids, modules, links, external }) {
  const context = vm.createContext({ URL })
  vm.runInContext("const source = Function.prototype.toString; Function.prototype.toString = () => 'function'\n" + prelude, context)
  const everything = vm.runInContext('everything', context)
  const made = new Map()
  const fileOf = (id) => id.split('?')[0]
  const find = (specifier, { identifier }) => {
    if (specifier.includes('?eclipsa-part=')) return make(path.posix.join(path.posix.dirname(fileOf(identifier)), specifier))
    return make(links[fileOf(identifier)][specifier] ?? specifier)
  }
  const make = (id) => {
    if (!made.has(id)) made.set(id, modules[id] === undefined ? stub(id) : new vm.SourceTextModule(modules[id], {
      identifier: id, context,
      initializeImportMeta: (meta) => { meta.id = fileOf(id); meta.url = 'file:///' + fileOf(id) },
      importModuleDynamically: async (specifier, from) => ready(find(specifier, from)),
    }))
    return made.get(id)
  }
  const stub = (specifier) => {
    if (specifier.startsWith('.')) throw new Error('no module ' + specifier)
    const values = everything(specifier)
    return new vm.SyntheticModule(external[specifier] ?? ['default'], function () { for (const name of external[specifier] ?? ['default']) this.setExport(name, values[name]) }, { context })
  }
  const ready = async (module) => {
    if (module.status === 'unlinked') await module.link(find)
    await module.evaluate()
    return module
  }
  const registry = { import: async (id) => (await ready(make(id))).namespace }
  return vm.runInContext('(async (registry, ids) => {' + finale + '})', context)(registry, ids)
}

const outcomes = []
process.on('exit', () => console.error('programs that ended: ' + outcomes.length))
for (const program of programs) outcomes.push(await run(program))
console.log(JSON.stringify(outcomes))
`

func newModuleProgram(files []section, options Options, split bool) (p moduleProgram, parts int, problem string) {
	p = moduleProgram{Modules: map[string]string{}, Links: map[string]map[string]string{}, External: map[string][]string{}}
	options.Form, options.Sides, options.Split, options.Dev = ESM, Server, split, true
	for _, file := range files {
		options.Path = file.name
		r := Transform(file.text, options)
		if hasErrors(r.Diagnostics) {
			return p, 0, r.Diagnostics[0].Text
		}
		p.IDs = append(p.IDs, file.name)
		p.link(file.name, r.Server.Imports, files)
		if r.Server.Parts == nil {
			p.Modules[file.name] = r.Server.Code
		}
		if len(r.Server.Parts) > 1 {
			parts++
		}
		for _, part := range r.Server.Parts {
			p.Modules[strings.TrimSuffix(file.name+partQuery+part.Name, partQuery)] = part.Code
		}
	}
	return p, parts, ""
}

func (p *moduleProgram) link(from string, imports []Import, files []section) {
	p.Links[from] = map[string]string{}
	for _, i := range imports {
		target := ""
		wanted := path.Join(path.Dir(from), i.Specifier)
		for _, file := range files {
			if strings.HasPrefix(i.Specifier, ".") && (file.name == wanted || strings.TrimSuffix(file.name, path.Ext(file.name)) == strings.TrimSuffix(wanted, ".js")) {
				target = file.name
			}
		}
		if target == "" {
			target = strings.TrimLeft(i.Specifier, "./")
			for _, name := range i.Names {
				if name != "*" && !slices.Contains(p.External[target], name) {
					p.External[target] = append(p.External[target], name)
				}
			}
		}
		p.Links[from][i.Specifier] = target
	}
}

func runModules(t *testing.T, programs []moduleProgram) []splitOutcome {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("node is not installed")
	}
	encoded, err := json.Marshal(map[string]any{"prelude": splitPrelude, "finale": splitFinale, "programs": programs})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"programs.json": string(encoded), "run.mjs": modulesRunner} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return runNode(t, len(programs), node, "--no-warnings", "--experimental-vm-modules", filepath.Join(dir, "run.mjs"))
}

// The parts as ES modules do what the whole file does as one, in Node itself.
func TestModulePartsRunAsWhole(t *testing.T) {
	var names []string
	var programs []moduleProgram
	divided := 0
	for _, pattern := range []string{"../testdata/fixtures/split/*.txtar", "../testdata/fixtures/transform/*.txtar"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			modules, options := splitInputs(t, parseFixture(string(text)))
			whole, _, problem := newModuleProgram(modules, options.Options, false)
			if problem != "" {
				continue // a fixture of an error
			}
			inParts, parts, problem := newModuleProgram(modules, options.Options, true)
			if problem != "" {
				t.Fatalf("%s: %s", file, problem)
			}
			divided += parts
			names, programs = append(names, file), append(programs, whole, inParts)
		}
	}
	if len(names) < 60 || divided < 30 {
		t.Fatalf("only %d fixtures, %d files in parts", len(names), divided)
	}
	compareFixtures(t, names, runModules(t, programs))
}

func TestRandomFilesRunAsModuleParts(t *testing.T) {
	var names []string
	var programs []moduleProgram
	texts := map[string]string{}
	divided := 0
	for seed := range uint64(300) {
		files := randomFiles(seed, true)
		whole, _, problem := newModuleProgram(files, Options{}, false)
		if problem != "" {
			continue // a marker in a wrong place, or an argument that can be no handler
		}
		inParts, parts, problem := newModuleProgram(files, Options{}, true)
		if problem != "" {
			t.Fatal(problem)
		}
		divided += parts
		name := fmt.Sprint("seed ", seed)
		for _, file := range files {
			texts[name] += "-- " + file.name + " --\n" + file.text
		}
		names, programs = append(names, name), append(programs, whole, inParts)
	}
	if divided < 100 {
		t.Errorf("only %d files of %d programs were divided", divided, len(names))
	}
	compareRandom(t, names, texts, runModules(t, programs))
	t.Logf("%d programs, %d files divided", len(names), divided)
}
