package devserver

import "strings"

// nodeBuiltins are the modules that Node gives without a prefix. Newer ones (node:test,
// node:sqlite, node:sea) exist only with it.
var nodeBuiltins = map[string]bool{}

func init() {
	for name := range strings.FieldsSeq(`assert assert/strict async_hooks buffer child_process cluster console constants crypto
		dgram diagnostics_channel dns dns/promises domain events fs fs/promises http http2 https inspector inspector/promises
		module net os path path/posix path/win32 perf_hooks process punycode querystring readline readline/promises repl
		stream stream/consumers stream/promises stream/web string_decoder sys timers timers/promises tls trace_events tty
		url util util/types v8 vm wasi worker_threads zlib`) {
		nodeBuiltins[name] = true
	}
}

// builtin gives the id of a module of Node's own.
func builtin(specifier string) (id string, ok bool) {
	if strings.HasPrefix(specifier, "node:") {
		return specifier, true
	}
	return "node:" + specifier, nodeBuiltins[specifier]
}
