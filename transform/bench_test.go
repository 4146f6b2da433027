package transform

import (
	"fmt"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

// large is a page of about 20 kB: the module of the source map test with more components below it.
func large() string {
	var b strings.Builder
	b.WriteString(mapped)
	for i := range 40 {
		fmt.Fprintf(&b, `
export function Part%d({ title, items }: { title: string; items: Item[] }) {
  const open = signal<boolean>(false)
  const shown = items.filter((item) => item.title.includes(title) && (!open.value || item.rank > %d))
  return <article class="part" onClick={() => { open.value = !open.value }}>
    <h2>{title.toUpperCase()} ({shown.length})</h2>
    <ul>{shown.map((item) => <li key={item.id}><a href={item.href}>{item.title}</a></li>)}</ul>
  </article>
}
`, i, i)
	}
	return b.String()
}

// Both modules are to cost at most one and a half times what esbuild needs for one.
func BenchmarkTransform(b *testing.B) {
	text := large()
	for _, c := range []struct {
		name    string
		options Options
	}{
		{"ESM", Options{Form: ESM}},
		{"ESMWithMaps", Options{Form: ESM, SourceMap: true}},
		{"RegistryWithMaps", Options{Form: Registry, SourceMap: true, Dev: true}},
		{"RegistryServer", Options{Form: Registry, SourceMap: true, Dev: true, Sides: Server}},
		{"RegistryServerSplit", Options{Form: Registry, SourceMap: true, Dev: true, Sides: Server, Split: true}},
		{"RegistrySplitWithMaps", Options{Form: Registry, SourceMap: true, Dev: true, Split: true}},
		{"WithDefines", Options{Define: map[string]string{"import.meta.env.MODE": `"production"`, "import.meta.env.DEV": "false"}}},
		{"ClientOnly", Options{Sides: Client}},
		{"ServerOnly", Options{Sides: Server}},
	} {
		b.Run(c.name, func(b *testing.B) {
			c.options.Path = "app/+page.tsx"
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if r := Transform(text, c.options); len(r.Diagnostics) > 0 {
					b.Fatal(r.Diagnostics)
				}
			}
		})
	}
}

func BenchmarkEsbuildTransform(b *testing.B) {
	text := large()
	for _, c := range []struct {
		name string
		maps api.SourceMap
	}{{"ESM", api.SourceMapNone}, {"ESMWithMaps", api.SourceMapExternal}} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				r := api.Transform(text, api.TransformOptions{
					Loader: api.LoaderTSX, Sourcefile: "app/+page.tsx", Format: api.FormatESModule, Target: api.ES2022,
					JSX: api.JSXAutomatic, JSXImportSource: "eclipsa", Sourcemap: c.maps,
				})
				if len(r.Errors) > 0 {
					b.Fatal(r.Errors)
				}
			}
		})
	}
}
