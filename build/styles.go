package build

import (
	"path/filepath"
	"strings"

	"eclipsa/app"

	"github.com/evanw/esbuild/pkg/api"
)

// entrySheet is the style sheet of app/+client.tsx, linked on every page, with its assets.
type entrySheet struct{ files []api.OutputFile }

// entryStyles bundles the style sheets that +client.tsx reaches by itself. esbuild's own sheet for
// the entry can't be used: it holds those of all dynamic imports, that is, of all routes.
func (b *builder) entryStyles(meta *metafile) (*entrySheet, error) {
	styles := &entrySheet{}
	if b.app.ClientEntry == "" {
		return styles, nil
	}
	var sheet strings.Builder
	var visit func(input string)
	seen := map[string]bool{}
	visit = func(input string) {
		if seen[input] || input == virtualNS+":"+app.ClientManifestID {
			return
		}
		seen[input] = true
		for _, edge := range meta.Inputs[input].Imports {
			if !edge.External && !strings.HasSuffix(input, ".css") {
				visit(edge.Path)
			}
		}
		if css, ok := strings.CutPrefix(input, cssModuleNS+":"); ok {
			sheet.WriteString("@import " + text("eclipsa-css:"+css) + ";\n")
		} else if strings.HasSuffix(input, ".css") && b.absolute(input) != "" {
			sheet.WriteString("@import " + text("./"+input) + ";\n")
		}
	}
	visit(b.app.ClientEntry)
	if sheet.Len() == 0 {
		return styles, nil
	}
	options := b.shared(false)
	options.Splitting, options.Format = false, api.FormatDefault
	options.MinifyWhitespace, options.MinifySyntax = true, true
	options.LegalComments = api.LegalCommentsNone
	options.Outdir = filepath.Join(b.project.AppRoot, "dist", "client")
	options.EntryNames = "assets/[name]-[hash]"
	options.Stdin = &api.StdinOptions{Contents: sheet.String(), ResolveDir: b.project.AppRoot, Loader: api.LoaderCSS, Sourcefile: "client.css"}
	options.Plugins = []api.Plugin{{Name: "eclipsa", Setup: func(build api.PluginBuild) {
		b.registerAssets(build)
		b.registerCSS(build, true)
	}}}
	result := api.Build(options)
	styles.files = result.OutputFiles
	return styles, failure(result.Errors)
}

func (s *entrySheet) urls(b *builder) []string {
	var urls []string
	for _, file := range s.files {
		if strings.HasSuffix(file.Path, ".css") {
			urls = append(urls, b.url("dist/client/assets/"+filepath.Base(file.Path)))
		}
	}
	return urls
}
