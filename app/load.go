package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

func load(root string, overrides []Override) (*App, error) {
	app, err := loadSettingsOf(root, overrides)
	if app == nil {
		return nil, err
	}
	if err := errors.Join(err, app.scan()); err != nil {
		return nil, err
	}
	return app, nil
}

// loadSettingsOf reads all but app/. Its App may be used for looking there too when there are problems.
func loadSettingsOf(root string, overrides []Override) (*App, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	app := &App{Root: root}
	var problems [2]error
	app.Package, problems[0] = packageName(root)
	app.Settings, problems[1] = loadSettings(root, overrides)
	return app, errors.Join(problems[:]...)
}

// Rescan reads the folder app/ again, with the settings as they are.
func (a *App) Rescan() (*App, error) {
	again := &App{Root: a.Root, Settings: a.Settings, Package: a.Package}
	return again, again.scan()
}

// CheckPackageFile says where a package.json is broken; name is what to call it. One that is gone is not.
func CheckPackageFile(file, name string) *Problem {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	return checkJSON(bytes.TrimPrefix(text, []byte("\uFEFF")), name)
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
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	if problem := checkJSON(text, "package.json"); problem != nil {
		return "", problem
	}
	var manifest struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		return "", &Problem{Text: "\"name\" must be a string in an object", Path: "package.json"}
	}
	return manifest.Name, nil
}
