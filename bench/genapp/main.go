// Command genapp writes an app of a given number of TSX modules: a tree of components that import
// each other, a module with a realtime() handler for every twenty, a style sheet for every fifty,
// a few routes. The same number gives the same app on every machine.
//
//	go run ./bench/genapp <folder> <modules> [preact]
//
// With "preact" the same components go without eclipsa, for the dev servers in comparison (preact.go).
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

func main() {
	plain := len(os.Args) == 4 && os.Args[3] == "preact"
	if len(os.Args) != 3 && !plain {
		log.Fatal("usage: genapp <folder> <modules> [preact]")
	}
	count, err := strconv.Atoi(os.Args[2])
	if err != nil || count < 1 {
		log.Fatalf("%q is no number of modules", os.Args[2])
	}
	g := generator{root: os.Args[1], count: count, plain: plain, jsx: "eclipsa", signals: "eclipsa"}
	if plain {
		g.jsx, g.signals = "preact", "@preact/signals"
	}
	g.file("package.json", `{ "name": "generated", "private": true, "type": "module" }`+"\n")
	g.file("tsconfig.json", `{ "compilerOptions": { "jsx": "react-jsx", "jsxImportSource": "`+g.jsx+`", "strict": true, "module": "esnext", "moduleResolution": "bundler", "target": "es2022" } }`+"\n")
	for i := range count {
		g.module(i)
	}
	if plain {
		g.entries()
	} else {
		g.pages()
	}
}

const globalStyle = "body { font: 16px/1.5 system-ui; margin: 0 }\n"

const (
	children     = 4 // of each component, so that 5,000 modules make a tree seven deep
	perHandler   = 20
	perStyle     = 50
	routesAtMost = 4
)

type generator struct {
	root  string
	count int
	plain bool // no handlers: for servers that know only Preact
	// jsx and signals are the packages that components import.
	jsx, signals string
}

func (g generator) file(name, text string) {
	path := filepath.Join(g.root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		log.Fatal(err)
	}
}

func name(i int) string { return fmt.Sprintf("src/group-%02d/component-%d", i/100, i) }

// module writes the component i, which shows its children.
func (g generator) module(i int) {
	var imports, body strings.Builder
	fmt.Fprintf(&imports, "import { useSignal } from '%s'\n", g.signals)
	for child := i*children + 1; child <= i*children+children && child < g.count; child++ {
		fmt.Fprintf(&imports, "import { Component%d } from '%s'\n", child, relative(i, child))
		fmt.Fprintf(&body, "      <Component%d label={`${label} › %d`} depth={depth + 1} />\n", child, child)
	}
	if i%perStyle == 7 {
		fmt.Fprintf(&imports, "import './component-%d.css'\n", i)
		g.file(name(i)+".css", fmt.Sprintf(".component-%d { padding: %dpx; border: 1px solid hsl(%d 40%% 50%%) }\n.component-%d > h3 { margin: 0 }\n", i, i%16, i%360, i))
	}
	handler, use := "", ""
	if i%perHandler == 3 {
		if g.plain {
			handler = fmt.Sprintf(plainHandlerText, i)
		} else {
			imports.WriteString("import { realtime } from 'eclipsa'\nimport { randomUUID } from 'node:crypto'\n")
			handler = fmt.Sprintf(handlerText, i, i, i)
		}
		use = fmt.Sprintf("  const room = useRoom%d()\n", i)
		body.WriteString("      <button type=\"button\" disabled={!room.isOpen} onClick={() => room.send({ text: label })}>{room.status}</button>\n")
	}
	g.file(name(i)+".tsx", fmt.Sprintf(componentText, imports.String(), handler, i, i, i, use, i, i, body.String()))
}

const handlerText = `
// Everything here is the server's alone.
const members%d = new Map<string, number>()

const useRoom%d = realtime<{ id: string }, { text: string }, { id: string; text: string }>((connection) => {
  const id = randomUUID()
  members%d.set(id, Date.now())
  connection.onMessage((message) => {
    connection.send({ id, text: message.text.trim().slice(0, 200) })
  })
  connection.onClose(() => {})
})
`

const componentText = `%s%s
export interface Props%d {
  label: string
  depth: number
  tone?: 'calm' | 'loud'
}

const tones%d = { calm: '#345', loud: '#c21' } as const

function describe(label: string, depth: number, count: number): string {
  if (count === 0) return label
  const words = label.split(' › ').filter((word) => word.length > 0)
  return words.map((word, index) => (index %% 2 === 0 ? word : word.toUpperCase())).join(' / ') + ' at ' + depth + ', ' + count + ' times'
}

export function Component%d({ label, depth, tone = 'calm' }: Props%[3]d) {
  const count = useSignal(0)
%[6]s  return (
    <section class="component-%[7]d" data-depth={depth} style={{ color: tones%[8]d[tone] }}>
      <h3>{describe(label, depth, count.value)}</h3>
      <button type="button" onClick={() => (count.value += 1)}>more</button>
%[9]s    </section>
  )
}
`

func relative(from, to int) string {
	path, err := filepath.Rel(filepath.Dir(name(from)), name(to))
	if err != nil {
		log.Fatal(err)
	}
	if path = filepath.ToSlash(path); !strings.HasPrefix(path, ".") {
		path = "./" + path
	}
	return path
}

// pages writes the routes: "/" shows the whole tree, the others a branch each.
func (g generator) pages() {
	g.file("app/+layout.tsx", "import './global.css'\nexport default function Layout({ children }: { children?: unknown }) {\n  return <main>{children}</main>\n}\n")
	g.file("app/global.css", globalStyle)
	for i := range min(routesAtMost, g.count) {
		folder := "app"
		if i > 0 {
			folder = fmt.Sprintf("app/branch-%d", i)
		}
		up := strings.Repeat("../", strings.Count(folder, "/")+1)
		g.file(folder+"/+page.tsx", fmt.Sprintf("import { Component%d } from '%s%s'\nexport default function Page() {\n  return <Component%d label=\"root\" depth={0} />\n}\n", i, up, name(i), i))
	}
	// What the bundlers in comparison start with: the same modules, reached the same way.
	var loads strings.Builder
	for i := range min(routesAtMost, g.count) {
		folder := "app"
		if i > 0 {
			folder = fmt.Sprintf("app/branch-%d", i)
		}
		fmt.Fprintf(&loads, "  () => import('./%s/+page.tsx'),\n", folder)
	}
	layout := "const layout = () => import('./app/+layout.tsx')\nconst routes = [\n" + loads.String() + "]\n"
	g.file("client-entry.tsx", "import { resumeContainer } from 'eclipsa'\nimport { provideRoutes } from 'eclipsa/client'\n"+layout+
		"provideRoutes({ base: '/', routes: Object.fromEntries(routes.map((page, i) => [String(i), { layouts: [layout], page }])) })\nresumeContainer(document)\n")
	g.file("server-entry.tsx", "import { createApp } from 'eclipsa/server'\n"+layout+"export default createApp({ layout, routes })\n")
	g.file("node-entry.tsx", "import { serve } from '@eclipsa/node/serve'\nimport createHandler from './server-entry.tsx'\nserve({ createHandler, clientDir: new URL('../client/', import.meta.url), base: '/' })\n")
}
