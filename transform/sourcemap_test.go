package transform

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode/utf16"
)

// mapping is one segment of a decoded source map; lines and columns count from 0.
type mapping struct {
	line, column             int
	sourceLine, sourceColumn int
	name                     string
}

type sourceMap struct {
	Version        int
	Sources        []string
	SourcesContent []string
	Names          []string
	Mappings       string
}

func decodeMap(t *testing.T, data []byte) (m sourceMap, segments map[[2]int]mapping) {
	t.Helper()
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	segments = map[[2]int]mapping{}
	var sourceLine, sourceColumn, name int
	for line, group := range strings.Split(m.Mappings, ";") {
		column := 0
		for _, text := range strings.Split(group, ",") {
			if text == "" {
				continue
			}
			fields := decodeVLQ(t, text)
			column += fields[0]
			if len(fields) < 4 {
				t.Fatalf("segment %q names no source", text)
			}
			sourceLine, sourceColumn = sourceLine+fields[2], sourceColumn+fields[3]
			s := mapping{line: line, column: column, sourceLine: sourceLine, sourceColumn: sourceColumn}
			if len(fields) == 5 {
				name += fields[4]
				s.name = m.Names[name]
			}
			segments[[2]int{line, column}] = s
		}
	}
	return m, segments
}

func decodeVLQ(t *testing.T, text string) (fields []int) {
	t.Helper()
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	value, shift := 0, 0
	for _, c := range text {
		digit := strings.IndexRune(digits, c)
		if digit < 0 {
			t.Fatalf("not base64: %q", text)
		}
		value |= digit & 31 << shift
		shift += 5
		if digit&32 != 0 {
			continue
		}
		if value&1 != 0 {
			fields = append(fields, -(value >> 1))
		} else {
			fields = append(fields, value>>1)
		}
		value, shift = 0, 0
	}
	return fields
}

// tokens finds the names in printed code: not in strings, templates without expressions, comments
// and regular expressions, of which the test's module has simple ones only.
var tokens = regexp.MustCompile("\"(?:[^\"\\\\]|\\\\.)*\"|`[^`]*`|//[^\n]*|/\\*[\\s\\S]*?\\*/|/[a-z\\\\.+]+/|[\\p{L}_$#][\\p{L}\\p{N}_$]*|[0-9][0-9a-zA-Z_.]*|\n|.")

var keywords = map[string]bool{}

func init() {
	for _, word := range strings.Fields(`const let var function class extends return if else for of in new await async yield import export from as default
		static get set this super throw try catch finally typeof void delete while do switch case break continue null true false instanceof constructor`) {
		keywords[word] = true
	}
}

const mapped = `import { realtime, useSignal as signal } from 'eclipsa'
import db, { type Row, query as ask } from './db.server'
import * as text from './text'

type Props = { title: string; onPick?: (row: Row) => void }
const größe = "🎉", pool = db.pool(größe); /* 🎉 */ const après = 1
async function count<T extends Row>(rows: T[], { limit = 3, ...rest }: { limit?: number } = {}): Promise<number> {
  for (const row of rows) { if (row?.id! > limit) return (await ask(row.id as number)) }
  return pool[text.key].size + rest.size
}
export const useRoom = realtime<{}, Row, Row>(async (connection) => {
  const count2 = await count([connection.input], { limit: après })
  connection.onMessage((message) => { const après = message; connection.send({ après, count2, [text.key]: 1, method() { return this } }) })
})
abstract class Base<T> { #secret = 1; protected label: string = 'x'; declare gone: T; read(): number { return this.#secret } }
export class Model extends Base<Row> { static all = new Map<string, Model>(); get size() { return Model.all.size } }
export default function Page({ title, onPick }: Props) {
  const n = signal<number>(0), room = useRoom()
  const pick = (row: Row) => onPick?.(row)
  return <section class="page" data-n={n.value}>
    <text.Heading {...room} title={title}>{room.status}</text.Heading>
    <button onClick={() => { n.value++; pick(room.lastMessage!) }}>{après}</button>
  </section>
}
`

// generated are names that stand in no source.
var generated = regexp.MustCompile(`^(jsxs?|Fragment|import_\w+|children|\$\w*|meta|import|__\w+)$`)

func TestSourceMapIsExact(t *testing.T) {
	for _, form := range []Form{ESM, Registry} {
		r := Transform(mapped, Options{Path: "app/+page.tsx", Form: form, SourceMap: true})
		if len(r.Diagnostics) > 0 {
			t.Fatal(r.Diagnostics)
		}
		checkMap(t, "client", r.Client, form)
		checkMap(t, "server", r.Server, form)
	}
}

// Registering components for Vite leaves the map of the author's code as it is.
func TestSourceMapOfDevClientIsExact(t *testing.T) {
	r := Transform(mapped, Options{Path: "app/+page.tsx", Dev: true, SourceMap: true})
	code, registration, found := strings.Cut(r.Client.Code, "import { components as ")
	if !found || strings.Count(registration, "\n") != 2 {
		t.Fatal(r.Client.Code)
	}
	_, segments := decodeMap(t, r.Client.Map)
	for at := range segments {
		if at[0] >= strings.Count(code, "\n") {
			t.Errorf("the registration has a mapping at %d:%d", at[0]+1, at[1]+1)
		}
	}
	r.Client.Code = code
	checkMap(t, "client", r.Client, ESM)
}

// Every part has a map of its own, and together they map what the whole module maps.
func TestSourceMapsOfPartsAreExact(t *testing.T) {
	for _, form := range []Form{ESM, Registry} {
		r := Transform(mapped, Options{Path: "app/+page.tsx", Form: form, Sides: Server, SourceMap: true, Split: true})
		if len(r.Diagnostics) > 0 || len(r.Server.Parts) != 5 {
			t.Fatal(len(r.Server.Parts), r.Diagnostics)
		}
		seen := 0
		for _, part := range r.Server.Parts {
			if part.Name == "" || part.Name == ImportsPart {
				if part.Map != nil {
					t.Errorf("%q has a map", part.Name)
				}
				continue
			}
			seen += checkNames(t, part.Name, Module{Code: part.Code, Map: part.Map}, form)
		}
		if seen < 40 {
			t.Errorf("form %d: only %d names seen", form, seen)
		}
	}
}

func checkMap(t *testing.T, side string, m Module, form Form) {
	t.Helper()
	if seen := checkNames(t, side, m, form); seen < 40 {
		t.Errorf("%s: only %d names seen", side, seen)
	}
}

// checkNames wants of every name in the code that it maps to its like in the source.
func checkNames(t *testing.T, side string, m Module, form Form) (seen int) {
	t.Helper()
	decoded, segments := decodeMap(t, m.Map)
	name := map[Form]string{ESM: "+page.tsx", Registry: "app/+page.tsx"}[form]
	if decoded.Version != 3 || len(decoded.Sources) != 1 || decoded.Sources[0] != name {
		t.Fatalf("%s: version %d, sources %v", side, decoded.Version, decoded.Sources)
	}
	source, code := strings.Split(mapped, "\n"), strings.Split(m.Code, "\n")
	line, column := 0, 0
	for _, token := range tokens.FindAllString(m.Code, -1) {
		at := [2]int{line, column}
		if breaks := strings.Count(token, "\n"); breaks > 0 {
			line, column = line+breaks, len(utf16.Encode([]rune(token[strings.LastIndex(token, "\n")+1:])))
		} else {
			column += len(utf16.Encode([]rune(token)))
		}
		if !isName(token) || form == Registry && at[0] == 0 || form == ESM && connects(code[at[0]]) {
			continue
		}
		seen++
		s, ok := lookUp(segments, at)
		if !ok {
			t.Errorf("%s form %d: %q at %d:%d has no mapping", side, form, token, at[0]+1, at[1]+1)
			continue
		}
		name := token
		if s.name != "" {
			name = s.name
		}
		there := utf16.Encode([]rune(source[s.sourceLine]))
		if rest := string(utf16.Decode(there[min(s.sourceColumn, len(there)):])); !strings.HasPrefix(strings.TrimPrefix(rest, "."), name) {
			t.Errorf("%s form %d: %q (%q) at %d:%d maps to %d:%d %.20q", side, form, token, name, at[0]+1, at[1]+1, s.sourceLine+1, s.sourceColumn+1, rest)
		}
	}
	return seen
}

// connects tells whether a line is one that only parts have: it imports from or exports to others.
func connects(line string) bool {
	return strings.Contains(line, partQuery) || strings.HasPrefix(line, "export { ")
}

// lookUp does what every reader of source maps does: the last segment of the line up to the place
// counts. (esbuild writes none where it would repeat the one before: after an indent or a comment.)
func lookUp(segments map[[2]int]mapping, at [2]int) (mapping, bool) {
	for column := at[1]; column >= 0; column-- {
		if s, ok := segments[[2]int{at[0], column}]; ok {
			return s, true
		}
	}
	return mapping{}, false
}

func isName(token string) bool {
	first := []rune(token)[0]
	letter := first == '_' || first == '$' || first == '#' && len(token) > 1 || first >= 'a' && first <= 'z' || first >= 'A' && first <= 'Z' || first > 0x7F && tokens.MatchString(token)
	return letter && !keywords[token] && !generated.MatchString(token)
}

// Nothing of the server may be in what a production build gives to the browser.
func TestProductionClientMapsHoldNoSource(t *testing.T) {
	r := Transform(mapped, Options{Path: "app/+page.tsx", SourceMap: true})
	for _, secret := range []string{"sourcesContent", "pool", "ask", "onMessage", "count2"} {
		if strings.Contains(string(r.Client.Map), secret) || strings.Contains(r.Client.Code, secret) {
			t.Errorf("%q is in the client module or its map", secret)
		}
	}
	dev := Transform(mapped, Options{Path: "app/+page.tsx", SourceMap: true, Dev: true, Form: Registry})
	if m, _ := decodeMap(t, dev.Client.Map); len(m.SourcesContent) != 1 || m.SourcesContent[0] != mapped {
		t.Error("a development map must hold the source")
	}
}
