package transform

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

// linked is a small program; every module appends to `order`. It must do the same as ES modules
// under Node and as factories under the runtime's registry: cycles with hoisted functions, live
// bindings, top-level await, export *, renames, dynamic imports, import.meta, decorators.
var linked = map[string]string{
	"main.ts": `import { isEven } from './a.js'
import './bare.js'
import late, { n, bump, Box, rest as others, default as again } from './late.js'
import * as space from './star.js'
import { action } from 'eclipsa'
export const useSave = action(() => n)
bump()
order.push('main', n, isEven(4), late(), late === again, new Box().value, others.length)
order.push(Object.keys(space).sort().join(), space.renamed, space.nested.deep)
const lazy = await import('./lazy.js')
order.push(lazy.default.name, typeof import.meta, this === undefined)
try { (space as any).deep = 1 } catch (error) { order.push(error instanceof TypeError) }
`,
	"a.ts":    `import { isOdd } from './b.js'; export function isEven(n: number): boolean { return n === 0 || isOdd(n - 1) } order.push('a', isEven(3))`,
	"b.ts":    `import { isEven } from './a.js'; export function isOdd(n: number): boolean { return n !== 0 && isEven(n - 1) } order.push('b', isOdd(3))`,
	"bare.ts": `const $ = 'dollar'; order.push($)`,
	"late.ts": `export let n = await Promise.resolve(1); export function bump() { n++ }
function twice(value: any, context: any) { return () => 2 }
export class Box { @twice get value() { return 1 } }
export const [, ...rest] = [1, 2, 3]
export default () => n
order.push('late', n)`,
	"star.ts": `export * from './deep.js'; export { deep as renamed } from './deep.js'; export * as nested from './deep.js'; order.push('star')`,
	"deep.ts": `export const deep = 'deep'; export default 'hidden'`,
	"lazy.ts": `export default class Lazy {} ; order.push('lazy')`,
}

const runtimeStub = `export const action = (id) => (order.push(id.split('-')[0]), id)`

func TestRegistryFormRunsAsESM(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("node is not installed")
	}
	dir := t.TempDir()
	want := evaluate(t, node, dir, "esm.mjs", esmProgram(t, dir))
	got := evaluate(t, node, dir, "registry.mjs", registryProgram(t))
	if got != want || !strings.Contains(want, `"lazy"`) {
		t.Fatalf("registry %s\nESM      %s", got, want)
	}
}

func evaluate(t *testing.T, node, dir, name, program string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte("globalThis.order = [];\n"+program+"\nconsole.log(JSON.stringify(order));\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(node, file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// esmProgram writes the server modules as files.
func esmProgram(t *testing.T, dir string) string {
	t.Helper()
	files := map[string]string{"runtime.mjs": runtimeStub, "helpers.mjs": Helpers()}
	for name, text := range linked {
		r := transformed(t, name, text, ESM)
		code := strings.ReplaceAll(r.Server.Code, `"eclipsa:helpers"`, `"./helpers.mjs"`)
		code = strings.ReplaceAll(strings.ReplaceAll(code, `"eclipsa"`, `"./runtime.mjs"`), `.js"`, `.mjs"`)
		files[strings.TrimSuffix(name, ".ts")+".mjs"] = code
	}
	for name, code := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(code), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return "await import('./main.mjs');"
}

// registryProgram defines the same modules in the runtime's own registry.
func registryProgram(t *testing.T) string {
	t.Helper()
	built := api.Build(api.BuildOptions{EntryPoints: []string{"../runtime/dev/registry.ts"}, Bundle: true, Format: api.FormatESModule, Platform: api.PlatformNode, LogLevel: api.LogLevelSilent})
	if len(built.Errors) > 0 {
		t.Fatal("runtime/dev/registry.ts does not build: ", built.Errors[0].Text)
	}
	var b strings.Builder
	b.Write(built.OutputFiles[0].Contents)
	b.WriteString("\nconst registry = createRegistry({ external: {}, meta: (id) => ({ id }) });\n")
	define := func(id, text string) {
		m := transformed(t, id, text, Registry).Server
		deps, dynamic := []string{}, []string{}
		for _, i := range m.Imports {
			target := strings.TrimSuffix(strings.TrimPrefix(i.Specifier, "./"), ".js")
			if target != i.Specifier {
				target += ".ts"
			}
			if i.Kind == StaticImport {
				deps = append(deps, target)
			} else {
				dynamic = append(dynamic, target)
			}
		}
		encoded, _ := json.Marshal([]any{id, deps, dynamic})
		fmt.Fprintf(&b, "registry.define(...%s, %s);\n", encoded, m.Code)
	}
	for name, text := range linked {
		define(name, text)
	}
	define("eclipsa", runtimeStub)
	define(HelpersSpecifier, Helpers())
	b.WriteString("await registry.import('main.ts');")
	return b.String()
}

func transformed(t *testing.T, id, text string, form Form) Result {
	t.Helper()
	r := Transform(text, Options{Path: id, Form: form, Sides: Server})
	if hasErrors(r.Diagnostics) {
		t.Fatalf("%s: %v", id, r.Diagnostics)
	}
	return r
}
