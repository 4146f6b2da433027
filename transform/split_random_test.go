package transform

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"
)

// scribe writes small modules at random: state, functions that read and assign it, effects, symbols
// and imports, some in cycles. Many of them throw, which has to stay the same too.
type scribe struct {
	*rand.Rand
	file, files int
	// cycles allows files to import each other both ways. Functions in a const are not exported then:
	// in parts they are there sooner, where the whole file's would throw. Neither are symbols: a file
	// that reads its own symbol through another one while it runs finds it later in parts.
	cycles bool
	// modules are to be divided into ES modules: they assign less, and in cycles they declare all their
	// functions, since those in a const are there later than in the whole file.
	modules    bool
	names      []string // of the file, in any order: some are read before they have a value
	assignable []string
	functions  []string
	text       strings.Builder
	defaulted  bool
	// known counts the names that have a value where the text is now; inside functions all may be read.
	known  int
	inside bool
}

func (s *scribe) pick(list []string) string {
	if !s.inside && s.IntN(30) > 0 {
		known := s.names[:s.known]
		list = slices.DeleteFunc(slices.Clone(list), func(name string) bool { return name[0] != 'f' && name[0] != 'n' && !slices.Contains(known, name) })
	}
	if len(list) == 0 {
		return "0"
	}
	return list[s.IntN(len(list))]
}

func (s *scribe) expression(depth int) string {
	if depth <= 0 {
		return fmt.Sprint(s.IntN(9))
	}
	switch s.IntN(10) {
	case 0:
		return fmt.Sprint(s.IntN(100))
	case 1:
		return "(" + s.pick(s.functions) + ")?.call?.(undefined, " + s.value(depth-1) + ")"
	case 7:
		if f := s.pick(s.functions); f != "0" {
			return f + "(" + s.value(depth-1) + ")"
		}
		return "1"
	case 2:
		return "[" + s.expression(depth-1) + ", " + s.pick(s.names) + "]"
	case 3:
		return "((inner) => inner + " + s.expression(depth-1) + ")(" + s.pick(s.names) + ")"
	case 4:
		if v := s.pick(s.assignable); v != "0" {
			return "{ " + v + " }"
		}
		return "2"
	case 5:
		return "effect(" + s.expression(depth-1) + ")"
	case 6:
		return "typeof " + s.pick(s.names)
	default:
		return s.pick(s.names)
	}
}

// safe values catch what they throw, mostly: what comes after is to run too.
func (s *scribe) safe(depth int) string {
	if s.IntN(12) == 0 {
		return s.value(depth)
	}
	return "safely(() => " + s.value(depth) + ")"
}

func (s *scribe) value(depth int) string {
	if e := s.expression(depth); strings.HasPrefix(e, "{") {
		return "(" + e + ")"
	} else {
		return e
	}
}

func (s *scribe) body() string {
	defer func(before bool) { s.inside = before }(s.inside)
	s.inside = true
	var b strings.Builder
	b.WriteString("if (spent()) return 0; ")
	for range s.IntN(3) {
		switch s.IntN(5) {
		case 0:
			fmt.Fprintf(&b, "effect('f', %s); ", s.value(1))
		case 1:
			fmt.Fprintf(&b, "%s = %s; ", s.target(), s.value(1))
		case 2:
			fmt.Fprintf(&b, "%s++; ", s.target())
		case 3:
			fmt.Fprintf(&b, "[%s = 1] = [%s]; ", s.target(), s.value(1))
		case 4:
			fmt.Fprintf(&b, "for (%s of [1, 2]) effect(%s); ", s.target(), s.value(1))
		}
	}
	fmt.Fprintf(&b, "return %s", s.value(2))
	return b.String()
}

func (s *scribe) target() string {
	if len(s.assignable) == 0 || s.modules && s.IntN(8) > 0 {
		return "scratch.x"
	}
	return s.pick(s.assignable)
}

func (s *scribe) symbol() string {
	marker := []string{"realtime", "action", "loader"}[s.IntN(3)]
	args := ""
	for range s.IntN(3) {
		args += s.safe(1) + ", "
	}
	if s.IntN(2) == 0 {
		return fmt.Sprintf("%s(%s(c) => { %s })", marker, args, s.body())
	}
	if len(s.functions) == 0 {
		return marker + "(function () { " + s.body() + " })"
	}
	return fmt.Sprintf("%s(%s%s)", marker, args, s.functions[s.IntN(len(s.functions))])
}

func (s *scribe) statement(i int) {
	name := s.names[i]
	export := ""
	if s.IntN(2) == 0 && !(s.cycles && (name[0] == 'g' || name[0] == 'u')) {
		export = "export "
	}
	if !s.defaulted && s.IntN(12) == 0 {
		s.defaulted = true
		name, symbol := s.pick(s.names), s.symbol()
		if s.cycles {
			name, symbol = s.safe(1), s.safe(1)
		}
		fmt.Fprintf(&s.text, "export default %s\n", []string{name, "function (a) { " + s.body() + " }", s.safe(2), symbol}[s.IntN(4)])
	}
	switch name[0] {
	case 'f':
		fmt.Fprintf(&s.text, "%sfunction %s(a) { %s }\n", export, name, s.body())
	case 'g':
		fmt.Fprintf(&s.text, "%sconst %s = (a) => { %s }\n", export, name, s.body())
	case 'v':
		fmt.Fprintf(&s.text, "%slet %s = %s\n", export, name, s.safe(2))
	case 'c':
		fmt.Fprintf(&s.text, "%sconst %s = %s\n", export, name, s.safe(2))
	case 'k':
		fmt.Fprintf(&s.text, "%sclass %s { static x = %s; method() { %s } }\n", export, name, s.safe(1), s.body())
	case 'u':
		if s.IntN(3) == 0 {
			fmt.Fprintf(&s.text, "%sconst %s = { a: %s, b: %s, c: { d: %s } }\n", export, name, s.safe(1), s.symbol(), s.symbol())
		} else {
			fmt.Fprintf(&s.text, "%sconst %s = %s\n", export, name, s.symbol())
		}
	}
	if s.IntN(4) == 0 {
		fmt.Fprintf(&s.text, "effect('s', %s)\n", s.safe(2))
	}
}

// The kinds are a file's own letters: names of different files never meet but in imports.
func (s *scribe) module() string {
	kinds := "ffffgggvvvcccku"
	if s.modules && s.cycles {
		kinds = "fffffffvvvcccku"
	}
	for i := range 3 + s.IntN(8) {
		name := fmt.Sprintf("%c%d_%d", kinds[s.IntN(len(kinds))], s.file, i)
		if i == 0 && s.IntN(2) == 0 {
			name = fmt.Sprintf("u%d_0", s.file)
		}
		s.names = append(s.names, name)
		switch name[0] {
		case 'v':
			s.assignable = append(s.assignable, name)
		case 'f', 'g':
			s.functions = append(s.functions, name)
		}
	}
	own := len(s.names)
	s.text.WriteString("import { realtime, action, loader } from 'eclipsa'\n")
	for range s.IntN(3) {
		other := s.IntN(s.files)
		if other == s.file || other < s.file && !s.cycles {
			continue
		}
		switch s.IntN(4) {
		case 0:
			fmt.Fprintf(&s.text, "import './m%d.js'\n", other)
		case 1:
			fmt.Fprintf(&s.text, "export * from './m%d.js'\n", other)
		default:
			space := fmt.Sprintf("n%d_%d", s.file, s.text.Len())
			fmt.Fprintf(&s.text, "import * as %s from './m%d.js'\n", space, other)
			s.names = append(s.names, space)
		}
	}
	for i := range own {
		s.known = i
		s.statement(i)
	}
	return s.text.String()
}

// linkExports replaces some namespace imports by names that the other file exports, now that all
// files are written.
func linkExports(r *rand.Rand, files []section) {
	for i := range files {
		for target := range files {
			exports := Transform(files[target].text, Options{Path: files[target].name, Form: Registry, Sides: Server}).Server.Exports
			if i == target || len(exports) == 0 {
				continue
			}
			name := exports[r.IntN(len(exports))]
			from := fmt.Sprintf("from './m%d.js'\n", target)
			if at := strings.Index(files[i].text, from); at >= 0 && r.IntN(3) > 0 {
				line := strings.LastIndex(files[i].text[:at], "\n") + 1
				if space, ok := strings.CutPrefix(files[i].text[line:at], "import * as "); ok {
					files[i].text = files[i].text[:line] + fmt.Sprintf("import { %s as %s } ", name, strings.TrimSpace(space)) + files[i].text[at:]
				}
			}
		}
	}
}

func randomFiles(seed uint64, modules bool) []section {
	r := rand.New(rand.NewPCG(seed, 7))
	files := make([]section, 1+r.IntN(3))
	for i := range files {
		s := &scribe{Rand: r, file: i, files: len(files), cycles: seed%2 == 1, modules: modules}
		files[i] = section{fmt.Sprintf("m%d.ts", i), s.module()}
	}
	linkExports(r, files)
	return files
}

func TestRandomFilesRunSplitAsWhole(t *testing.T) {
	var names, programs []string
	texts := map[string]string{}
	split := 0
	for seed := range uint64(240) {
		files := randomFiles(seed, false)
		whole, _, problem := splitProgram(files, Options{}, false)
		if problem != "" {
			continue // a marker in a wrong place, or an argument that can be no handler
		}
		inParts, parts, problem := splitProgram(files, Options{}, true)
		if problem != "" {
			t.Fatal(problem)
		}
		if parts > 0 {
			split++
		}
		name := fmt.Sprint("seed ", seed)
		for _, file := range files {
			texts[name] += "-- " + file.name + " --\n" + file.text
		}
		names, programs = append(names, name), append(programs, whole, inParts)
	}
	if split < 100 {
		t.Errorf("only %d of %d files were split", split, len(names))
	}
	outcomes := runPrograms(t, programs)
	compareRandom(t, names, texts, outcomes)
	t.Logf("%d programs, %d split", len(names), split)
}

// compareRandom has the outcomes of the whole files and of the parts in turn.
func compareRandom(t *testing.T, names []string, texts map[string]string, outcomes []splitOutcome) {
	t.Helper()
	ran := 0
	for i, name := range names {
		if !throws(outcomes[2*i]) {
			ran++
		}
		whole, split := outcomes[2*i], outcomes[2*i+1]
		sort.Strings(whole.Registered)
		sort.Strings(split.Registered)
		if want, got := lines(whole.Order)+strings.Join(whole.Registered, "\n"), lines(split.Order)+strings.Join(split.Registered, "\n"); want != got {
			if throws(whole) && throws(split) {
				continue // at a symbol that reads an import too early: what follows it has run before
			}
			t.Fatalf("%s: %s\n%s", name, firstDifference(want, got), texts[name])
		}
	}
	if ran < len(names)/3 {
		t.Errorf("only %d of %d programs ran to their end", ran, len(names))
	}
}

// throws tells whether a file failed to evaluate.
func throws(o splitOutcome) bool { return strings.Contains(lines(o.Order), `.ts","throws`) }
