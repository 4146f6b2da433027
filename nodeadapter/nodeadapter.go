// Package nodeadapter is the only Go code that knows Node: it finds the executable, starts the
// development worker (@eclipsa/node's lib/bundled/worker.js) and speaks the worker's private protocol
// (docs/architecture.md, "The worker"). It knows nothing of modules' contents and restarts
// nothing by itself: who owns a Worker waits for Done and decides.
package nodeadapter

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// SecretHeader carries the worker's secret on every request to it.
const SecretHeader = "X-Eclipsa-Worker"

// ErrorHeader marks the worker's answers that are an app's error as JSON (WorkerError).
const ErrorHeader = "X-Eclipsa-Error"

// Options say how a worker is started. Root and Script are required.
type Options struct {
	// Root is the app's folder, the working directory of the worker.
	Root string
	// Script is the path of worker.js, see FindScript.
	Script string
	// Env is the worker's environment ("NAME=value"); nil is this process's own.
	Env []string
	// Output gets what the app writes to stdout and stderr, one whole line (with its line feed)
	// per call and never two calls at once.
	Output io.Writer
	// MapLine may change a line of stderr on its way to Output, as for the positions in a stack.
	MapLine func(line string) string
}

// WorkerError is an error of the app's code; the positions in its stack are of generated code.
type WorkerError struct {
	Name    string `json:"name"`
	Message string `json:"message"`
	Stack   string `json:"stack"`
}

func (e *WorkerError) Error() string { return e.Name + ": " + e.Message }

// workerScript is the worker with all that it needs (scripts/bundle-node.mjs), below @eclipsa/node.
var workerScript = filepath.Join("lib", "bundled", "worker.js")

// FindScript finds the worker's script: in the @eclipsa/node that the app installed, else in the
// one beside the eclipsa package, whose folder is given ("" where it is unknown).
func FindScript(root, eclipsaPackage string) (string, error) {
	for dir := root; ; dir = filepath.Dir(dir) {
		if script := filepath.Join(dir, "node_modules", "@eclipsa", "node", workerScript); isFile(script) {
			return script, nil
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	if eclipsaPackage != "" {
		beside := filepath.Dir(eclipsaPackage)
		for _, script := range []string{
			filepath.Join(beside, "@eclipsa", "node", workerScript),
			filepath.Join(eclipsaPackage, "nodeadapter", workerScript),
			filepath.Join(eclipsaPackage, "node_modules", "@eclipsa", "node", workerScript),
		} {
			if isFile(script) {
				return script, nil
			}
		}
	}
	return "", errors.New("the package @eclipsa/node is not installed (or not built): run `npm install @eclipsa/node`")
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// errNodeMissing and errNodeOld are sentences for the terminal as they are.
var errNodeMissing = fmt.Errorf("eclipsa dev needs Node %d or newer, and there is no `node` in PATH: install it from https://nodejs.org", minimumNode)
