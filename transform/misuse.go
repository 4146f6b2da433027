package transform

import (
	"fmt"

	"github.com/evanw/esbuild/esbuildast"
)

// misuse says what is wrong about a mention of a marker and what to write instead.
func (s *source) misuse(m esbuildast.Misuse) Diagnostic {
	marker := m.Marker
	switch m.Kind {
	case esbuildast.CalledInFunction:
		return s.tracker.diagnostic(m.Place,
			fmt.Sprintf("%s() must be called at module scope, not inside a function or class", marker),
			fmt.Sprintf("Move it to the top of the module (const useIt = %s(…)) and call the hook that it returns here.", marker))
	case esbuildast.CalledElsewhere:
		return s.tracker.diagnostic(m.Place,
			fmt.Sprintf("%s() must be the value of a module-scope declaration, of a property of a module-scope object, or of the default export", marker),
			fmt.Sprintf("Write const useIt = %s(…) as a statement of its own, and use useIt here.", marker))
	case esbuildast.CalledUnderUsing:
		return s.tracker.diagnostic(m.Place,
			fmt.Sprintf("%s() can't be called in a module with a top-level using: it puts the whole module into a try statement", marker),
			"Move the using declaration into a module of its own (a .server.ts file, if only handlers need it), or into a function.")
	case esbuildast.ReExported:
		return s.tracker.diagnostic(m.Place,
			fmt.Sprintf("%s of %q must not be exported again: a handler given to it elsewhere would be sent to the browser", subject(marker), runtimeModule),
			fmt.Sprintf("Import it from %q where it is called; export the hooks that it returns instead.", runtimeModule))
	case esbuildast.NamespaceEscapes:
		return s.tracker.diagnostic(m.Place,
			fmt.Sprintf("The namespace of %q may only be read by name", runtimeModule),
			fmt.Sprintf("Import what you need by name: import { realtime } from %q.", runtimeModule))
	case esbuildast.ModuleLoaded:
		return s.tracker.diagnostic(m.Place,
			fmt.Sprintf("%q must be imported by an import statement: a handler given to what import() returns would be sent to the browser", runtimeModule),
			fmt.Sprintf("Write import { … } from %q at the top of the module.", runtimeModule))
	}
	return s.tracker.diagnostic(m.Place,
		fmt.Sprintf("%s may only be called: a handler given to it under another name would be sent to the browser", marker),
		fmt.Sprintf("Call it where it is imported: const useIt = %s(…).", marker))
}

func subject(marker string) string {
	if marker == "" {
		return "The namespace"
	}
	return marker
}

// checkArguments wants middlewares, if any, and a handler that is plainly a function.
func (s *source) checkArguments(call esbuildast.Call) (Diagnostic, bool) {
	if len(call.Args) == 0 {
		return s.tracker.diagnostic(call.Place,
			fmt.Sprintf("%s() needs a handler", call.Marker),
			fmt.Sprintf("Write %s(%s).", call.Marker, handlerExample(call.Marker))), true
	}
	for _, arg := range call.Args {
		if arg.Kind == esbuildast.SpreadArg {
			return s.tracker.diagnostic(arg.Place,
				fmt.Sprintf("The arguments of %s() must be written out", call.Marker),
				"Write each middleware as an argument of its own, then the handler."), true
		}
	}
	last := call.Args[len(call.Args)-1]
	if last.Kind == esbuildast.OtherArg {
		return s.tracker.diagnostic(last.Place,
			fmt.Sprintf("The last argument of %s() must be its handler: a function, an arrow function, or a module-scope or imported binding that holds one", call.Marker),
			fmt.Sprintf("Write %s(%s), or put the value into a module-scope const and pass its name.", call.Marker, handlerExample(call.Marker))), true
	}
	return Diagnostic{}, false
}

func handlerExample(marker string) string {
	if marker == string(Realtime) {
		return "async (connection) => { … }"
	}
	return "async (c) => { … }"
}

func (s *source) collision(call esbuildast.Call, other string) Diagnostic {
	return s.tracker.diagnostic(call.Place,
		fmt.Sprintf("%s(%q) gets the same id as %q", call.Marker, call.Name, other),
		"Give one of them another name.")
}
