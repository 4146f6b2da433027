package transform

import "github.com/evanw/esbuild/esbuildast"

// graph answers what a module's statements reach. Reachability, not counting of uses: two helpers
// that call each other are both removed with the handler that called one of them.
type graph struct {
	tree       *esbuildast.Tree
	statements []esbuildast.Statement
	declaredBy map[esbuildast.Ref][]int // positions in statements
	// ours are imports of the runtime (jsx among them): they belong on both sides.
	ours map[esbuildast.Ref]bool
}

// reached is a set of statements (by index) and of symbols.
type reached struct {
	statements map[int]bool
	refs       map[esbuildast.Ref]bool
}

func newGraph(tree *esbuildast.Tree) *graph {
	g := &graph{tree: tree, statements: tree.Statements(), declaredBy: map[esbuildast.Ref][]int{}, ours: map[esbuildast.Ref]bool{}}
	for _, name := range tree.ImportNames() {
		g.ours[name.Ref] = name.Generated || name.Specifier == runtimeModule
	}
	for i, statement := range g.statements {
		for _, ref := range statement.Declares {
			g.declaredBy[ref] = append(g.declaredBy[ref], i)
		}
	}
	return g
}

// reach follows the declarations of the symbols.
func (g *graph) reach(roots map[esbuildast.Ref]bool) reached {
	r := reached{map[int]bool{}, map[esbuildast.Ref]bool{}}
	var queue []esbuildast.Ref
	for ref := range roots {
		r.refs[ref] = true
		queue = append(queue, ref)
	}
	for len(queue) > 0 {
		ref := queue[0]
		queue = queue[1:]
		for _, i := range g.declaredBy[ref] {
			statement := g.statements[i]
			r.statements[statement.Index] = true
			if statement.Kind != esbuildast.Declaration {
				continue // an import statement mentions nothing; an effect stays or goes as a whole
			}
			for _, next := range append(statement.Uses, statement.Declares...) {
				if !r.refs[next] {
					r.refs[next] = true
					queue = append(queue, next)
				}
			}
		}
	}
	return r
}

// keep lists the statements that stay by themselves: exports, stubs, and what runs for its effect
// and is no declaration that removed code used.
func (g *graph) keep(c *cut, only reached) (kept []esbuildast.Statement) {
	for _, statement := range g.statements {
		if stays(statement, c, only) {
			kept = append(kept, statement)
		}
	}
	return kept
}

func stays(statement esbuildast.Statement, c *cut, only reached) bool {
	switch statement.Kind {
	case esbuildast.ImportStatement, esbuildast.Comment:
		return false
	case esbuildast.ReExport, esbuildast.ExportClause:
		return true
	case esbuildast.Declaration:
		if only.statements[statement.Index] && !statement.Exported && !c.stubs[statement.Index] {
			return false
		}
	}
	return statement.Exported || c.stubs[statement.Index] || !statement.Pure
}

// reachAll is what stays once these statements do.
func (g *graph) reachAll(kept []esbuildast.Statement) reached {
	roots := map[esbuildast.Ref]bool{}
	for _, statement := range kept {
		for _, ref := range statement.Uses {
			roots[ref] = true
		}
	}
	r := g.reach(roots)
	for _, statement := range kept {
		r.statements[statement.Index] = true
		for _, ref := range statement.Declares {
			r.refs[ref] = true
		}
	}
	return r
}

// problem is an effect statement and the chain of names to what it alone keeps.
type problem struct {
	statement esbuildast.Statement
	chain     []string
}

// problems are the statements that stay for their effect and alone keep something that removed
// code used. A statement under if (IS_BROWSER) says that it is meant for the browser.
func (g *graph) problems(c *cut, only reached, kept []esbuildast.Statement) (found []problem) {
	var sound, suspects []esbuildast.Statement
	for _, statement := range kept {
		if statement.Exported || c.stubs[statement.Index] || statement.Guarded {
			sound = append(sound, statement)
		} else {
			suspects = append(suspects, statement)
		}
	}
	return g.keepers(suspects, only, g.reachAll(sound))
}

// keepers are the suspects that keep something of only that is not live anyway.
func (g *graph) keepers(suspects []esbuildast.Statement, only, live reached) (found []problem) {
	for _, statement := range suspects {
		if live.statements[statement.Index] {
			continue
		}
		if chain := g.chainTo(statement, only, live); chain != nil {
			found = append(found, problem{statement, chain})
		}
	}
	return found
}

// chainTo is the shortest way from the statement to something that removed code used and nothing
// else keeps.
func (g *graph) chainTo(statement esbuildast.Statement, only, live reached) []string {
	from := map[esbuildast.Ref]esbuildast.Ref{}
	seen := setOf(statement.Uses)
	queue := append([]esbuildast.Ref{}, statement.Uses...)
	for len(queue) > 0 {
		ref := queue[0]
		queue = queue[1:]
		if only.refs[ref] && !live.refs[ref] && len(g.declaredBy[ref]) > 0 && !g.ours[ref] {
			return g.names(ref, from)
		}
		for _, i := range g.declaredBy[ref] {
			if g.statements[i].Kind != esbuildast.Declaration {
				continue
			}
			for _, next := range g.statements[i].Uses {
				if !seen[next] {
					seen[next] = true
					from[next] = ref
					queue = append(queue, next)
				}
			}
		}
	}
	return nil
}

func (g *graph) names(ref esbuildast.Ref, from map[esbuildast.Ref]esbuildast.Ref) (chain []string) {
	for {
		chain = append([]string{g.tree.Name(ref)}, chain...)
		next, ok := from[ref]
		if !ok {
			return chain
		}
		ref = next
	}
}
