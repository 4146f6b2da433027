package build

import (
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// host is what dist/server is written for: it picks package entry points, and which builtin
// modules exist.
type host struct {
	name       string
	platform   api.Platform
	conditions []string
	mainFields []string
	// schemes of modules that are the host's own, beside "node:".
	schemes []string
	// lacks names Node builtins that the host doesn't have.
	lacks []string
}

var hosts = map[string]host{
	"node": {name: "node", platform: api.PlatformNode, conditions: []string{"module", "production"}},
	"bun":  {name: "bun", platform: api.PlatformNode, conditions: []string{"bun", "module", "production"}, schemes: []string{"bun"}},
	"deno": {name: "deno", platform: api.PlatformNode, conditions: []string{"deno", "module", "production"}, schemes: []string{"npm", "jsr"}},
	// Not "browser": ws, for one, has a stub there that throws on use (HOSTS.md).
	"workers": {name: "workers", platform: api.PlatformNeutral, conditions: []string{"workerd", "worker", "module", "production"},
		mainFields: []string{"module", "main"}, schemes: []string{"cloudflare"},
		lacks: []string{"child_process", "cluster", "dgram", "inspector", "repl", "sea", "sqlite", "test", "trace_events", "v8", "vm", "wasi", "worker_threads"}},
}

// builtins are Node 20's public modules; those in prefixed exist only with "node:".
var (
	builtins = strings.Fields(`assert assert/strict async_hooks buffer child_process cluster console constants crypto dgram
		diagnostics_channel dns dns/promises domain events fs fs/promises http http2 https inspector inspector/promises module
		net os path path/posix path/win32 perf_hooks process punycode querystring readline readline/promises repl stream
		stream/consumers stream/promises stream/web string_decoder sys timers timers/promises tls trace_events tty url util
		util/types v8 vm wasi worker_threads zlib`)
	prefixed = strings.Fields(`sea sqlite test test/reporters`)
)

func isBuiltin(specifier string) bool {
	if name, ok := strings.CutPrefix(specifier, "node:"); ok {
		return slices.Contains(builtins, name) || slices.Contains(prefixed, name)
	}
	return slices.Contains(builtins, specifier)
}

// has says whether the host has a builtin ("node:fs" or "fs").
func (h host) has(specifier string) bool {
	name := strings.TrimPrefix(specifier, "node:")
	root, _, _ := strings.Cut(name, "/")
	return isBuiltin(specifier) && !slices.Contains(h.lacks, root)
}

// own says whether a specifier names a module of the host itself, such as "bun:sqlite".
func (h host) own(specifier string) bool {
	for _, scheme := range h.schemes {
		if specifier == scheme && scheme == "bun" || strings.HasPrefix(specifier, scheme+":") {
			return true
		}
	}
	return false
}
