package transform

import (
	"slices"
	"sort"
	"strings"
	"testing"
)

const editable = `import { realtime, action } from 'eclipsa'
import { db, type Row } from './db.js'
import { Button } from './button.js'
import { z } from './schema.js'

interface Props { title: string }
const members = new Map<string, Row>()
let visits: number = 0
setInterval(sweep, 1000)
function sweep() { members.clear() }

/** Greets. */
const greet = (name: string) => 'hello ' + name
async function onlyRoom(row: Row) { return db.save(row, visits) }
export function both(n: number) { return n + 1 }
const schema = z.string()

export const useRoom = realtime(limit(5), async (connection) => {
  const title = greet('room') // a comment
  members.set(title, await onlyRoom({ title }))
})
export const useSave = action(async (c: Props) => { visits++; return both(members.size) })
export const useCount = action(() => import('./count.js'))

function limit(n: number) { return () => n }
export default function Page({ title }: Props) {
  const room = useRoom()
  return <main><h1>{title}</h1><Button>{both(1)}</Button>{room.status}</main>
}
`

// inModules has no handler assign to the body's variable: the file would stay whole.
var inModules = strings.NewReplacer("visits++", "visits + 1", "visits += 2", "visits + 2")

// What an edit changes is what is evaluated again, and which sessions get a new handler.
func TestSplitEditsChangeLittle(t *testing.T) {
	for _, c := range []struct {
		name, from, to string
		parts, symbols string
	}{
		{"jsx", "<h1>{title}</h1>", "<h2>{title}!</h2>", "view", ""},
		{"jsx with a new global and new local names", "const room = useRoom()", "const room = useRoom(), title2 = connection, members = status", "view", ""},
		{"handler", "'room') // a comment", "'the room')", "symbols", "useRoom"},
		{"other handler", "visits++", "visits += 2", "symbols", "useSave"},
		{"dynamic import of a handler", "'./count.js'", "'./counts.js'", "symbols", "useCount"},
		{"helper of one handler", "'hello '", "'hi '", "symbols", "useRoom"},
		{"helper of a handler and a component", "return n + 1", "return n + 2", "symbols", "useSave"},
		{"function of the body", "members.clear()", "members.clear(); visits = 0", "body", ""},
		{"state", "visits: number = 0", "visits: number = 1", "body", ""},
		{"middleware's argument", "limit(5)", "limit(6)", "body", "useRoom"},
		{"middleware factory", "() => n", "() => n + 1", "body", "useRoom"},
		{"comments", "/** Greets. */", "/** Welcomes. */\n/*! legal */", "", ""},
		{"comment in a handler", "// a comment", "/* other */ //! legal", "", ""},
		{"white space and positions", "const greet = (name: string) => 'hello ' + name", "\n\nconst greet = (\n  name: string,\n) =>\n  'hello ' + name\n", "", ""},
		{"types", "interface Props { title: string }", "interface Props { title: string; more?: Row[] }\ntype Other = Props", "", ""},
		{"type of a state", "new Map<string, Row>()", "new Map<string, Row | undefined>()", "", ""},
		{"type of an argument", "(row: Row)", "(row: Row & { more?: 1 })", "", ""},
		{"type assertion", "{ title }))", "{ title } as any))", "", ""},
		{"import that nothing mentions yet", "import { z }", "import './side.js'\nimport { z }", "", ""},
		{"import that the view mentions", "<h1>{title}</h1>", "<h1>{title}{z.name}</h1>", "view", ""},
		{"another module for a handler's import", "'./db.js'", "'./database.js'", "symbols", "useRoom"},
		{"another name for a handler's import", "{ db, type", "{ pool as db, type", "symbols", "useRoom"},
		{"new function", "interface Props", "export const extra = () => 1\ninterface Props", "view facade", ""},
		{"new component with a name that a handler has", "interface Props", "export const title = () => 1\ninterface Props", "view facade", ""},
		{"new component that uses a handler's helper", "interface Props", "export const Extra = () => greet('x')\ninterface Props", "view symbols facade", ""},
		{"handler that is exported", "async function onlyRoom", "export async function onlyRoom", "symbols facade", ""},
		{"order of functions", "export function both(n: number) { return n + 1 }\nconst schema = z.string()", "const schema = z.string()\nexport function both(n: number) { return n + 1 }", "", ""},
		{"new symbol", "export const useCount", "export const useMore = action(() => 2)\nexport const useCount", "symbols facade", "useMore"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, form := range []Form{Registry, ESM} {
				text, from, to := editable, c.from, c.to
				if form == ESM {
					text, from, to = inModules.Replace(text), inModules.Replace(from), inModules.Replace(to)
				}
				edited := strings.Replace(text, from, to, 1)
				if edited == text {
					t.Fatal("nothing was edited")
				}
				options := Options{Path: "app/+page.tsx", Form: form, Sides: Server, Split: true}
				before, after := Transform(text, options), Transform(edited, options)
				checkParts(t, before, form)
				checkParts(t, after, form)
				if got := changedParts(before, after); got != inAlphabet(c.parts) {
					t.Errorf("form %d: changed parts: %q, want %q", form, got, c.parts)
				}
				if got := changedSymbols(before, after); got != inAlphabet(c.symbols) {
					t.Errorf("form %d: changed symbols: %q, want %q", form, got, c.symbols)
				}
			}
		})
	}
}

// A file that stays whole has one hash for all its symbols.
func TestHashOfWholeFile(t *testing.T) {
	const text = "import { action } from 'eclipsa'\nimport { x } from './x.js'\nexport const useA = action(() => import('./y.js'))\nexport const useB = action(() => x)\nconsole.log(useA)\n"
	for _, form := range []Form{Registry, ESM} {
		options := Options{Path: "app/whole.ts", Form: form, Sides: Server, Split: true}
		before := Transform(text, options)
		if before.Symbols[0].Hash == "" || before.Symbols[0].Hash != before.Symbols[1].Hash || before.Symbols[0].Reaches != nil {
			t.Error(before.Symbols)
		}
		for _, edit := range [][2]string{{"'./y.js'", "'./z.js'"}, {"'./x.js'", "'./z.js'"}, {"=> x", "=> [x]"}} {
			if after := Transform(strings.Replace(text, edit[0], edit[1], 1), options); after.Symbols[1].Hash == before.Symbols[1].Hash {
				t.Errorf("%s: the hash is the same", edit[1])
			}
		}
		if after := Transform(strings.Replace(text, "\nconst", "\n// comment\nconst", 1), options); after.Symbols[1].Hash != before.Symbols[1].Hash {
			t.Error("a comment changed the hash")
		}
	}
}

// changedParts leaves the imports part out: evaluating it again evaluates nothing else.
func changedParts(before, after Result) string {
	codes := map[string]string{}
	for _, part := range before.Server.Parts {
		codes[part.Name] = identity(before, part)
	}
	var changed []string
	for _, part := range after.Server.Parts {
		if part.Name == ImportsPart || codes[part.Name] == identity(after, part) {
			continue
		}
		name := part.Name
		if name == "" {
			name = "facade"
		}
		changed = append(changed, name)
	}
	return inAlphabet(strings.Join(changed, " "))
}

// identity is all that makes a module of the registry another: its code and where it leads.
func identity(r Result, part Part) string {
	text := part.Code
	for _, dep := range part.Deps {
		text += "\n" + dep.Part
		if dep.Part == "" {
			text += r.Server.Imports[dep.Import].Specifier + " " + strings.Join(dep.Names, " ")
		}
	}
	for _, dynamic := range part.Dynamic {
		text += "\n" + dynamic.Specifier
	}
	return text
}

func changedSymbols(before, after Result) string {
	var changed []string
	for _, s := range after.Symbols {
		if !slices.ContainsFunc(before.Symbols, func(b Symbol) bool { return b.ID == s.ID && b.Hash == s.Hash && s.Hash != "" }) {
			changed = append(changed, s.Name)
		}
	}
	return inAlphabet(strings.Join(changed, " "))
}

func inAlphabet(words string) string {
	list := strings.Fields(words)
	sort.Strings(list)
	return strings.Join(list, " ")
}
