package transform

import (
	"strings"
	"testing"
)

// Editing a handler must not reach the browser (DESIGN.md D6): the client's code stays the same to
// the byte, wherever the lines below the edit move.
func TestHandlerEditLeavesClientAlone(t *testing.T) {
	edited := strings.Replace(mapped, "const count2 = await count(", "console.log(größe,\n\n\npool)\n  const count2 = await count(", 1)
	if edited == mapped {
		t.Fatal("nothing was edited")
	}
	for _, form := range []Form{ESM, Registry} {
		options := Options{Path: "app/+page.tsx", Form: form, Dev: true}
		before, after := Transform(mapped, options), Transform(edited, options)
		if before.Client.Code != after.Client.Code {
			t.Errorf("form %d: %s", form, firstDifference(before.Client.Code, after.Client.Code))
		}
		if !strings.Contains(before.Client.Code, "components(") {
			t.Errorf("form %d: no components are registered", form)
		}
		if before.Server.Code == after.Server.Code || before.Symbols[0].ID != after.Symbols[0].ID {
			t.Errorf("form %d: the server module must change, the id must not", form)
		}
	}
}
