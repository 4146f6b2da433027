package build

import (
	"slices"
	"sync"

	"eclipsa/transform"

	"github.com/evanw/esbuild/pkg/api"
)

// keptStatements are findings of the kind "pool.on(…) alone keeps pool in the browser" in modules
// with marks. Whether they hold depends on the rest of the graph: where another module of the
// browser's uses pool too, the mark was wrong and the statement belongs there. So the module passes
// without marks first, and after the pass either the marks are refuted or the findings reported.
type keptStatements struct {
	mu   sync.Mutex // protects list
	list keptList
}

type kept struct {
	file   *source
	marked []string
	errors []api.Message
}

type keptList []kept

func (k *keptStatements) add(file *source, marked []string, errors []api.Message) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.list = append(k.list, kept{file, marked, errors})
}

// take returns the findings of a pass and forgets them.
func (k *keptStatements) take() keptList {
	k.mu.Lock()
	defer k.mu.Unlock()
	list := k.list
	k.list = nil
	return list
}

func (l keptList) messages() []api.Message {
	var all []api.Message
	for _, k := range l {
		all = append(all, k.errors...)
	}
	return all
}

// refute takes back the marks that the browser's own imports contradict, and says whether there
// were any.
func (b *builder) refute(meta *metafile, list keptList) bool {
	found := false
	for _, k := range list {
		used := b.namesUsed(meta, k.file.path)
		wrong := slices.DeleteFunc(slices.Clone(k.marked), func(name string) bool { return !used[name] && !used["*"] })
		if len(wrong) > 0 {
			b.marks.refute(k.file.path, wrong)
			found = true
		}
	}
	return found
}

// namesUsed are the names that the client's modules import from a file.
func (b *builder) namesUsed(meta *metafile, path string) map[string]bool {
	names := map[string]bool{}
	target := b.input(path)
	for importer, input := range meta.Inputs {
		for _, edge := range input.Imports {
			if edge.Path != target || edge.External {
				continue
			}
			file := b.absolute(importer)
			if file == "" || !isSourceFile(file) || edge.Kind == "dynamic-import" {
				names["*"] = true
				continue
			}
			for _, name := range b.importedNames(file, edge.Original) {
				names[name] = true
			}
		}
	}
	return names
}

// importedNames are the names that a client module itself imports by a specifier.
func (b *builder) importedNames(path, specifier string) []string {
	file := b.sources.get(path)
	if file.err != nil {
		return nil
	}
	result := b.sources.transform(file, transform.Client, b.marks.current(path))
	removed := map[string]bool{}
	for _, one := range result.Client.Removed {
		if one.Specifier == specifier {
			for _, name := range one.Names {
				removed[name] = true
			}
		}
	}
	var names []string
	for _, one := range result.Client.Imports {
		if one.Specifier == specifier {
			names = append(names, slices.DeleteFunc(slices.Clone(one.Names), func(name string) bool { return removed[name] })...)
		}
	}
	return names
}
