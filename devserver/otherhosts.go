package devserver

import (
	"os"
	"path/filepath"

	"github.com/evanw/esbuild/pkg/api"
)

// otherHosts lets an app that is written for Bun or Deno run in the worker, which is Node: Hono's
// adapters for them read the host's global while they are imported. They get an empty one where
// there is none, in their own files only, so that no package takes Node for Bun. What the adapters
// would do at run time the runtime does with Node's means (runtime/server/adapter.ts).
func otherHosts(build api.PluginBuild) {
	for host, global := range map[string]string{"bun": "Bun", "deno": "Deno"} {
		filter := `[\\/]hono[\\/]dist[\\/]adapter[\\/]` + host + `[\\/][^\\/]*\.js$`
		declaration := "const " + global + " = globalThis." + global + " ?? {};\n"
		build.OnLoad(api.OnLoadOptions{Filter: filter}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
			text, err := os.ReadFile(args.Path)
			contents := declaration + string(text)
			return api.OnLoadResult{Contents: &contents, ResolveDir: filepath.Dir(args.Path), Loader: api.LoaderJS}, err
		})
	}
}
