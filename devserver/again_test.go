package devserver

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestLoadedAgain: what a module looks for at its start and does not find may be there when somebody loads the page again.
func TestLoadedAgain(t *testing.T) {
	for name, entry := range map[string]string{
		"a page":             "",
		"the server's entry": "import { text } from './server.server'\nimport { Hono } from 'hono'\nexport default new Hono().get('/text', (c) => c.text(text))\n",
	} {
		t.Run(name, func(t *testing.T) {
			elsewhere := filepath.ToSlash(t.TempDir())
			reads := func(name string) string {
				return fmt.Sprintf("import { readFileSync } from 'node:fs'\nconsole.log('evaluated %s')\nexport const text = readFileSync('%s/%s', 'utf8')\n", name, elsewhere, name)
			}
			files := map[string]string{
				"app/+page.tsx":      "import { realtime } from 'eclipsa'\nimport { text } from './page.server'\nconst useIt = realtime((c) => c.send(text))\nexport default () => <p>{useIt().status}</p>\n",
				"app/page.server.ts": reads("page"), "app/server.server.ts": reads("server"),
			}
			if entry != "" {
				files["app/+server-entry.ts"] = entry
			}
			d := startDev(t, files)
			for range 2 {
				if status, body := d.get("/"); status != 500 || !strings.Contains(body, "ENOENT") {
					t.Fatalf("got %d %s", status, body)
				}
			}
			writeFiles(t, elsewhere, map[string]string{"page": "here", "server": "here"})
			if status, body := d.get("/"); status != 200 || !strings.Contains(body, "<p>closed</p>") {
				t.Errorf("got %d %s", status, body)
			}
			evaluated := strings.Count(d.output.String(), "evaluated page")
			if status, _ := d.get("/"); status != 200 || strings.Count(d.output.String(), "evaluated page") != evaluated {
				t.Errorf("%d: a page that is fine is not evaluated again", status)
			}
		})
	}
}
