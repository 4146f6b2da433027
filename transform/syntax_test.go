package transform

import "github.com/evanw/esbuild/pkg/api"

// syntaxError parses a module with esbuild's public API, which knows nothing of ours.
func syntaxError(code string, form Form) string {
	if form == Registry && code != "" {
		code = "define(" + code + ")"
	}
	result := api.Transform(code, api.TransformOptions{Loader: api.LoaderJS, LogLevel: api.LogLevelSilent})
	if len(result.Errors) > 0 {
		return result.Errors[0].Text
	}
	return ""
}
