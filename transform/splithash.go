package transform

import (
	"crypto/sha256"
	"encoding/hex"
	"sort"

	"github.com/evanw/esbuild/esbuildast"
)

// reachedBy is what one symbol's call reaches in the file: statements, and imports.
type reachedBy struct {
	statements map[int]bool
	imports    outside
}

// fingerprints sets the hash of every symbol: of its call, of the functions that it reaches and of
// the imports that they read. It must run before anything moves, so that a hash does not depend on
// where a function goes.
func (x *splitter) fingerprints() []reachedBy {
	texts := map[int]string{}
	text := func(i int) string {
		if _, ok := texts[i]; !ok {
			texts[i] = x.division.StatementText(i)
		}
		return texts[i]
	}
	names := map[esbuildast.Ref]string{}
	for _, name := range x.tree.ImportNames() {
		names[name.Ref] = name.Specifier + "\x00" + name.Name + "\x00" + x.tree.Name(name.Ref)
	}
	all := make([]reachedBy, len(x.found.calls))
	for n, call := range x.found.calls {
		reached, refs := x.reach(x.tree.CallUses(call))
		all[n] = reached
		lines := []string{}
		for i := range reached.statements {
			if _, function := x.functions[i]; function || len(x.calls[i]) > 0 {
				lines = append(lines, text(i))
			}
		}
		for ref := range refs {
			if name, imported := names[ref]; imported {
				lines = append(lines, name)
			}
		}
		sort.Strings(lines)
		x.found.symbols[n].Hash = hashOf(append(lines, x.division.CallText(call))...)
	}
	return all
}

// reach goes through functions, and through other symbols: a handler may call an action.
func (x *splitter) reach(queue []esbuildast.Ref) (reachedBy, map[esbuildast.Ref]bool) {
	r := reachedBy{map[int]bool{}, outside{map[string]bool{}, map[int]map[string]bool{}}}
	seen := map[esbuildast.Ref]bool{}
	for len(queue) > 0 {
		ref := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if seen[ref] {
			continue
		}
		seen[ref] = true
		if imported, ok := x.imports[ref]; ok {
			r.imports.add(imported)
		}
		for _, position := range x.graph.declaredBy[ref] {
			statement := x.graph.statements[position]
			if statement.Kind != esbuildast.Declaration && statement.Kind != esbuildast.Effect {
				continue
			}
			r.statements[statement.Index] = true
			if _, function := x.functions[statement.Index]; function || len(x.calls[statement.Index]) > 0 {
				queue = append(queue, statement.Uses...)
			}
		}
	}
	return r, seen
}

// reaches tells what a symbol depends on besides the text that is in its hash.
func (x *splitter) reaches(all []reachedBy) {
	for n, call := range x.found.calls {
		body := len(x.hoisted[call.Statement()]) > 0
		for i := range all[n].statements {
			body = body || x.part[i] == bodyPart || len(x.hoisted[i]) > 0
		}
		deps := []PartDep{}
		if body {
			deps = append(deps, PartDep{Part: bodyPart})
		}
		x.found.symbols[n].Reaches = append(deps, x.strong(all[n].imports)...)
	}
}

func (x *splitter) forgetHashes() {
	for n := range x.found.symbols {
		x.found.symbols[n].Hash = ""
	}
}

func hashOf(texts ...string) string {
	sum := sha256.New()
	for _, text := range texts {
		sum.Write([]byte(text))
		sum.Write([]byte{0})
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}
