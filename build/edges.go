package build

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"eclipsa/transform"

	"github.com/evanw/esbuild/pkg/api"
)

// edges are import statements of client modules that only marked exports need (see marks). esbuild
// is told that they lead outside and have no side effects, so they vanish with the exports and what
// they lead to is never read: pg, node:net, or a module that connects when it is evaluated. Where
// one is left in the output, the browser really uses the export, and the next pass resolves it
// like any other.
type edges struct {
	mu    sync.Mutex // protects both
	list  []edge
	index map[edge]int
}

type edge struct {
	importer, specifier string
}

// removedPrefix and the edge's number stand for the specifier in the output.
const removedPrefix = "eclipsa-removed:"

func newEdges() *edges { return &edges{index: map[edge]int{}} }

// note looks for such statements in a module that was transformed with marks.
func (e *edges) note(importer string, module transform.Module) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, removed := range module.Removed {
		for _, kept := range module.Imports {
			if kept.Specifier != removed.Specifier || kept.Kind != transform.StaticImport || removed.Kind != transform.StaticImport {
				continue
			}
			beyond := func(name string) bool { return !slices.Contains(removed.Names, name) }
			one := edge{importer, kept.Specifier}
			if _, known := e.index[one]; !known && len(kept.Names) > 0 && !slices.ContainsFunc(kept.Names, beyond) {
				e.index[one] = len(e.list)
				e.list = append(e.list, one)
			}
		}
	}
}

func (e *edges) register(build api.PluginBuild) {
	build.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
		if args.Kind != api.ResolveJSImportStatement {
			return api.OnResolveResult{}, nil
		}
		e.mu.Lock()
		number, ok := e.index[edge{args.Importer, args.Path}]
		e.mu.Unlock()
		if !ok || number < 0 || isSkip(args) {
			return api.OnResolveResult{}, nil
		}
		return api.OnResolveResult{Path: fmt.Sprint(removedPrefix, number), External: true, SideEffects: api.SideEffectsFalse}, nil
	})
}

// used finds the edges that the browser's code needs after all, and says whether there were any.
func (e *edges) used(meta *metafile) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	found := false
	for _, output := range meta.Outputs {
		for _, imported := range output.Imports {
			if number, ok := strings.CutPrefix(imported.Path, removedPrefix); ok {
				var i int
				fmt.Sscan(number, &i)
				e.index[e.list[i]] = -1
				found = true
			}
		}
	}
	return found
}
