package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

func load(root string, overrides []Override) (*App, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	app := &App{Root: root}
	var problems []error
	if app.Package, err = packageName(root); err != nil {
		problems = append(problems, err)
	}
	if app.Settings, err = loadSettings(root, overrides); err != nil {
		problems = append(problems, err)
	}
	if err := app.scan(); err != nil {
		problems = append(problems, err)
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return app, nil
}

// packageName reads package.json only as far as we rely on it, but all of it must be JSON: every
// tool around us reads it too.
func packageName(root string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, "package.json"))
	if errors.Is(err, os.ErrNotExist) {
		return "", &Problem{Text: fmt.Sprintf("there is no package.json in %s", root),
			Hint: "Run eclipsa in the app's folder, or create one with `npm init -y`."}
	}
	if err != nil {
		return "", err
	}
	if err := checkJSON(text, "package.json"); err != nil {
		return "", err
	}
	var manifest struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		return "", &Problem{Text: "\"name\" must be a string in an object", Path: "package.json"}
	}
	return manifest.Name, nil
}
