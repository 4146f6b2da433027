package transform

import (
	"strings"
	"testing"
)

// The helpers are a module like any other, in both forms.
func TestHelpers(t *testing.T) {
	for _, form := range []Form{ESM, Registry} {
		r := Transform(Helpers(), Options{Path: HelpersSpecifier, Form: form})
		if len(r.Diagnostics) > 0 {
			t.Fatal(r.Diagnostics)
		}
		reparse(t, Options{Form: form}, r)
		for _, name := range []string{"__decorateElement", "__using", "__callDispose"} {
			if !strings.Contains(strings.Join(r.Server.Exports, " "), name) {
				t.Errorf("%s is not exported", name)
			}
		}
	}
}

func TestIsServerOnly(t *testing.T) {
	for path, want := range map[string]bool{
		"app/db.server.ts": true, "app/mail.server.tsx": true, "lib/x.server.mjs": true,
		"app/+middleware.ts": true, "app/a/+server.ts": true, "app/+server-entry.ts": true, "app/+hooks.server.ts": true,
		"app/+page.tsx": false, "app/server.ts": false, "app/server/db.ts": false, "app/+server-entry": false, "app/observer.ts": false,
	} {
		if got := IsServerOnly(path); got != want {
			t.Errorf("%s: got %v", path, got)
		}
	}
}

func TestNeedsTransform(t *testing.T) {
	for _, c := range []struct {
		source, path string
		want         bool
	}{
		{`import { realtime } from "eclipsa"`, "app/a.ts", true},
		{`import { IS_BROWSER } from 'eclipsa'`, "app/a.ts", true},
		{`import { useSignal } from 'eclipsa'`, "app/a.ts", false},
		{`export const metadata = {}`, "app/+page.tsx", true},
		{`export const metadata = {}`, "app/site.ts", false},
		{`export default () => null`, "app/+page.tsx", false},
	} {
		if got := NeedsTransform(c.source, c.path); got != c.want {
			t.Errorf("%s in %s: got %v", c.source, c.path, got)
		}
	}
}
