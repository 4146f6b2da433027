package devserver

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What editors and tools do to files, as the page sees it.

func (d *dev) path(name string) string { return filepath.Join(d.root, filepath.FromSlash(name)) }

func (d *dev) rename(from, to string) {
	d.t.Helper()
	if err := os.Rename(d.path(from), d.path(to)); err != nil {
		d.t.Fatal(err)
	}
}

// TestSaves: each way to save is one update.
func TestSaves(t *testing.T) {
	d := startDev(t, map[string]string{"app/+page.tsx": page("zero")})
	d.untilPage("/", "zero")
	for i, save := range []struct {
		name string
		do   func(text string)
	}{
		{"plain", func(text string) { d.write("app/+page.tsx", text) }},
		{"a file moved over it", func(text string) {
			d.write("app/+page.tsx.tmp.1234", text)
			d.rename("app/+page.tsx.tmp.1234", "app/+page.tsx")
		}},
		{"sed", func(text string) {
			d.write("app/sedKx3F1a", text)
			d.rename("app/sedKx3F1a", "app/+page.tsx")
		}},
		{"Vim", func(text string) {
			d.write("app/4913", "")
			d.remove("app/4913")
			d.rename("app/+page.tsx", "app/+page.tsx~")
			d.write("app/+page.tsx", text)
			d.remove("app/+page.tsx~")
		}},
		{"Emacs", func(text string) {
			os.Symlink("author@machine.1234:56", d.path("app/.#+page.tsx"))
			d.rename("app/+page.tsx", "app/+page.tsx~")
			d.write("app/+page.tsx", text)
			d.remove("app/.#+page.tsx")
		}},
		{"JetBrains", func(text string) {
			d.write("app/+page.tsx___jb_tmp___", text)
			d.rename("app/+page.tsx", "app/+page.tsx___jb_old___")
			d.rename("app/+page.tsx___jb_tmp___", "app/+page.tsx")
			d.remove("app/+page.tsx___jb_old___")
		}},
	} {
		before := len(d.output.String())
		save.do(page(fmt.Sprintf("number %d", i)))
		d.printed(`(update|reload) app/\+page\.tsx` + ms)
		d.untilPage("/", fmt.Sprintf("number %d", i))
		if text := d.output.String()[before:]; strings.Contains(text, "error") || strings.Count(text, "\n") > 2 {
			t.Errorf("%s: %s", save.name, text)
		}
	}
}

// TestRouteFolders: a folder with routes is renamed, copied and deleted.
func TestRouteFolders(t *testing.T) {
	d := startDev(t, map[string]string{
		"app/+page.tsx":               page("home"),
		"app/old/+page.tsx":           "import { text } from './text'\nexport default () => <p>{text}</p>\n",
		"app/old/text.ts":             "export const text = 'inside'\n",
		"app/old/deep/[id]/+page.tsx": page("deep"),
	})
	d.untilPage("/old/deep/1", "deep")
	status := func(path string, want int) {
		t.Helper()
		d.until(fmt.Sprintf("%d at %s", want, path), func() bool {
			got, _ := d.get(path)
			return got == want
		})
	}
	d.rename("app/old", "app/new")
	d.untilPage("/new", "inside")
	status("/old", 404)
	status("/new/deep/1", 200)
	d.write("app/new/text.ts", "export const text = 'moved and edited'\n")
	d.untilPage("/new", "moved and edited")
	d.write("app/new/deep/[id]/+page.tsx", page("deeper"))
	d.untilPage("/new/deep/1", "deeper")

	if err := os.Mkdir(d.path("app/(group)"), 0o755); err != nil {
		t.Fatal(err)
	}
	d.rename("app/new/deep", "app/(group)/deep")
	d.untilPage("/deep/1", "deeper")
	status("/new/deep/1", 404)
	d.remove("app/(group)", "app/new")
	status("/deep/1", 404)
	status("/new", 404)
	d.untilPage("/", "home")
	if strings.Contains(d.output.String(), "error") {
		t.Error("an error came and went")
	}
}

// TestCheckout: git writes, deletes and adds many files at once, and the end is the branch's page.
func TestCheckout(t *testing.T) {
	branch := func(name string, extra ...string) map[string]string {
		files := map[string]string{"app/+page.tsx": ""}
		list := ""
		for i := range 50 {
			files["app/+page.tsx"] += fmt.Sprintf("import { part%d } from './parts/part%d'\n", i, i)
			files[fmt.Sprintf("app/parts/part%d.ts", i)] = fmt.Sprintf("export const part%d = '%s-%d '\n", i, name, i)
			list += fmt.Sprintf("{part%d}", i)
		}
		files["app/+page.tsx"] += "export default () => <p>" + list + "</p>\n"
		for _, route := range extra {
			files["app/"+route+"/+page.tsx"] = page(name + route)
		}
		return files
	}
	d := startDev(t, branch("main", "one", "two"))
	d.untilPage("/", "main-49")
	for round, name := range []string{"feature", "main", "feature", "main"} {
		before := d.read
		extra := []string{"one", "two"}
		if name == "feature" {
			d.remove("app/one", "app/two")
			extra = []string{"three"}
		} else {
			d.remove("app/three")
		}
		for file, text := range branch(name, extra...) { // as git does: a new file in the place of the old one
			os.Remove(d.path(file))
			d.write(file, text)
		}
		d.untilPage("/"+extra[0], name+extra[0])
		d.until("the whole branch", func() bool {
			_, body := d.get("/")
			return strings.Count(body, name+"-") == 50
		})
		lines := strings.TrimSpace(d.output.String()[before:])
		d.read = len(d.output.String())
		if count := strings.Count(lines, "\n") + 1; count > 12 {
			t.Errorf("round %d: %d lines:\n%s", round, count, lines)
		}
	}
	d.until("the end of errors", func() bool {
		_, body := d.get("/")
		return strings.Contains(body, "main-0") && !d.hasErrors()
	})
	if match := regexp.MustCompile(`and \d+ more \(`).FindString(d.output.String()); match == "" {
		t.Error("the names of 50 files are not shortened")
	}
}

// hasErrors says whether a page that opens now would show errors.
func (d *dev) hasErrors() bool {
	text := d.output.String()
	return strings.LastIndex(text, ": error: ") > strings.LastIndex(text, "no errors any more")
}

// TestFilesThatVanish: a file that comes and goes again and again ends as it ends.
func TestFilesThatVanish(t *testing.T) {
	d := startDev(t, map[string]string{"app/+page.tsx": "import { text } from './text'\nexport default () => <p>{text}</p>\n", "app/text.ts": "export const text = 'start'\n"})
	d.untilPage("/", "start")
	for i := range 40 {
		d.remove("app/text.ts", "app/sub")
		d.write("app/sub/+page.tsx", page("sub"))
		if i%3 == 0 {
			d.write("app/text.ts", "")
		}
		d.write("app/text.ts", fmt.Sprintf("export const text = 'round %d'\n", i))
	}
	d.remove("app/sub")
	d.untilPage("/", "round 39")
	d.until("404", func() bool {
		status, _ := d.get("/sub")
		return status == 404 && !d.hasErrors()
	})
}
