package devserver

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"eclipsa/app"
)

// Editors: which one, and how each wants to be told the place.

// surroundings is what finding an editor asks the system.
type surroundings struct {
	env  func(name string) string
	look func(command string) (path string, err error)
}

var system = surroundings{os.Getenv, exec.LookPath}

// placeForm makes the arguments that open a file at a place.
type placeForm func(file, line, column string) []string

func suffixed(file, line, column string) []string { return []string{file + ":" + line + ":" + column} }

func plus(file, line, column string) []string { return []string{"+" + line + ":" + column, file} }

func flags(file, line, column string) []string {
	return []string{"--line", line, "--column", column, file}
}

func gotoFlag(file, line, column string) []string {
	return append([]string{"--goto"}, suffixed(file, line, column)...)
}

func cursorCall(file, line, column string) []string {
	return []string{"+call cursor(" + line + "," + column + ")", file}
}

// editorsOnPath are tried in this order where nothing names an editor.
var editorsOnPath = []string{"code", "cursor", "windsurf", "zed", "zeditor", "codium", "subl", "webstorm", "idea", "code-insiders",
	"phpstorm", "pycharm", "goland", "rubymine", "rider", "fleet", "kate", "mate", "bbedit", "gvim", "mvim"}

// placeForms are keyed by the command's name, without folder and extension.
var placeForms = map[string]placeForm{
	"code": gotoFlag, "code-insiders": gotoFlag, "codium": gotoFlag, "vscodium": gotoFlag, "cursor": gotoFlag, "windsurf": gotoFlag, "positron": gotoFlag,
	"zed": suffixed, "zeditor": suffixed, "subl": suffixed, "sublime_text": suffixed, "pulsar": suffixed, "fleet": suffixed,
	"webstorm": flags, "webstorm64": flags, "idea": flags, "idea64": flags, "phpstorm": flags, "phpstorm64": flags, "pycharm": flags, "pycharm64": flags,
	"goland": flags, "goland64": flags, "rubymine": flags, "rubymine64": flags, "rider": flags, "rider64": flags, "clion": flags, "clion64": flags, "kate": flags,
	"gvim": cursorCall, "mvim": cursorCall, "emacs": plus, "gedit": plus, "gnome-text-editor": plus,
	"emacsclient": func(file, line, column string) []string {
		return append([]string{"--no-wait"}, plus(file, line, column)...)
	},
	"mate":      func(file, line, column string) []string { return []string{"--line", line + ":" + column, file} },
	"bbedit":    func(file, line, _ string) []string { return []string{"+" + line, file} },
	"notepad++": func(file, line, column string) []string { return []string{"-n" + line, "-c" + column, file} },
}

// terminalEditors draw in the terminal that starts them: a server has none to give.
var terminalEditors = []string{"vi", "vim", "nvim", "vim.basic", "vim.tiny", "nano", "pico", "micro", "hx", "helix", "kak", "joe", "jed", "ne", "mcedit", "ed", "editor", "sensible-editor"}

// editorCommand is the command that opens a file: of the setting, of the environment, or of a known
// editor on the PATH. EDITOR=vim says nothing about windows, so the search goes on behind it.
func editorCommand(setting string, in surroundings, file string, line, column int) (*exec.Cmd, error) {
	var passed string
	for _, source := range []struct{ name, text string }{{`"editor"`, setting}, {"LAUNCH_EDITOR", in.env("LAUNCH_EDITOR")}, {"VISUAL", in.env("VISUAL")}, {"EDITOR", in.env("EDITOR")}} {
		words := splitCommand(source.text, in)
		if len(words) == 0 {
			continue
		}
		if needsTerminal(words) {
			if passed = source.text; source.name == "VISUAL" || source.name == "EDITOR" {
				continue
			}
			return nil, noTerminal(passed)
		}
		path, err := in.look(words[0])
		if err != nil {
			return nil, fmt.Errorf("the editor %q (%s) is not on the PATH", words[0], source.name)
		}
		return openWith(path, words[1:], file, line, column)
	}
	for _, name := range editorsOnPath {
		if path, err := in.look(name); err == nil {
			return openWith(path, nil, file, line, column)
		}
	}
	if passed != "" {
		return nil, noTerminal(passed)
	}
	return nil, fmt.Errorf("no editor was found: set \"editor\" in %s, or LAUNCH_EDITOR or EDITOR in the environment", app.ConfigFile)
}

func noTerminal(editor string) error {
	return fmt.Errorf("%q needs a terminal of its own, which the development server can't give it: set \"editor\" in %s, or LAUNCH_EDITOR, to an editor with a window", editor, app.ConfigFile)
}

// openWith completes a command. An argument with {file} in it says itself where the place goes.
func openWith(path string, args []string, file string, line, column int) (*exec.Cmd, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if runtime.GOOS == "windows" && isBatch(path) && !batchSafe(file) {
		return nil, errors.New("this file's name can't be handed to " + filepath.Base(path) + " on Windows")
	}
	lineText, columnText := strconv.Itoa(line), strconv.Itoa(column)
	if slices.ContainsFunc(args, func(arg string) bool { return strings.Contains(arg, "{file}") }) {
		fill := strings.NewReplacer("{file}", file, "{line}", lineText, "{column}", columnText)
		filled := make([]string, len(args))
		for i, arg := range args {
			filled[i] = fill.Replace(arg)
		}
		return exec.Command(path, filled...), nil
	}
	form := placeForms[editorName(path)]
	if form == nil {
		form = func(file, _, _ string) []string { return []string{file} }
	}
	return exec.Command(path, slices.Concat(args, form(file, lineText, columnText))...), nil
}

// editorName is what an editor is known by: "code" for C:\…\Code.exe.
func editorName(command string) string {
	name := strings.ToLower(command[strings.LastIndexAny(command, `/\`)+1:])
	for _, extension := range []string{".exe", ".cmd", ".bat", ".sh", ".appimage"} {
		name = strings.TrimSuffix(name, extension)
	}
	return name
}

func needsTerminal(words []string) bool {
	name := editorName(words[0])
	if name == "emacs" || name == "emacsclient" {
		return slices.ContainsFunc(words[1:], func(arg string) bool {
			return slices.Contains([]string{"-nw", "--no-window-system", "-t", "--tty"}, arg)
		})
	}
	return slices.Contains(terminalEditors, name)
}

// splitCommand takes a command line apart at spaces outside quotes; a text that is a command as a
// whole (a path with spaces) stays one. Nothing else means anything: there is no shell.
func splitCommand(text string, in surroundings) []string {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil
	}
	if _, err := in.look(text); err == nil {
		return []string{text}
	}
	var words []string
	var word strings.Builder
	var quote rune
	started := false
	for _, c := range text {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(c)
		case c == '"' || c == '\'':
			quote, started = c, true
		case c == ' ' || c == '\t':
			if started {
				words = append(words, word.String())
			}
			word.Reset()
			started = false
		default:
			word.WriteRune(c)
			started = true
		}
	}
	if started {
		words = append(words, word.String())
	}
	return words
}

// Windows runs batch files through cmd.exe, which reads the arguments again by its own rules.
func isBatch(path string) bool {
	extension := strings.ToLower(filepath.Ext(path))
	return extension == ".cmd" || extension == ".bat"
}

func batchSafe(file string) bool { return !strings.ContainsAny(file, "&|<>^%!\"'`()=;,\r\n") }
