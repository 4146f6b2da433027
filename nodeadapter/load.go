package nodeadapter

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// Module is one server module in the registry form.
type Module struct {
	ID string `json:"id"`
	// Deps and Dynamic are the ids of its static and dynamic imports.
	Deps    []string `json:"deps"`
	Dynamic []string `json:"dynamic"`
	// Weak are those of Deps whose new version is no reason to evaluate it again.
	Weak []string `json:"weak,omitempty"`
	// Code is empty for a module that only imports.
	Code string `json:"code"`
}

// Symbol is what decides whether open sessions get a symbol's handler anew: other code, or the
// evaluation of a module that it reaches.
type Symbol struct {
	Hash    string   `json:"hash"`
	Reaches []string `json:"reaches"`
}

// LoadResult is what a load did.
type LoadResult struct {
	// Evaluated counts modules, Swapped the sessions whose handler is a new one.
	Evaluated, Swapped int
}

// LoadRequest brings a worker up to date.
type LoadRequest struct {
	// External is the path of the dependency bundle, or nil to keep the one it has.
	External *string `json:"external"`
	// Modules are new or changed, Removed are gone.
	Modules []Module `json:"-"`
	Removed []string `json:"removed"`
	// Entry is the module whose default export makes the handler.
	Entry string `json:"entry"`
	// Symbols are those of the modules, by id; nil for those that are gone.
	Symbols map[string]*Symbol `json:"symbols,omitempty"`
}

// newClient has connections of its own: the worker's address dies with it.
func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{Proxy: nil, MaxIdleConns: 1}}
}

// Load sends a request and waits until the worker has evaluated the entry. An error of the app's
// own code is a *WorkerError; the worker then keeps its last good handler.
func (w *Worker) Load(ctx context.Context, request LoadRequest) (result LoadResult, err error) {
	if request.Removed == nil {
		request.Removed = []string{}
	}
	// Nobody ever holds the whole text, and the worker parses while this side encodes.
	body, text := io.Pipe()
	go func() { text.CloseWithError(request.write(text)) }() // ends at the latest when the call closes body
	call, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+w.Address()+"/__eclipsa/worker/load", body)
	if err != nil {
		body.Close()
		return result, err
	}
	call.Header.Set("Content-Type", "application/json")
	call.Header.Set(SecretHeader, w.secret)
	response, err := w.client.Do(call)
	if err != nil {
		return result, fmt.Errorf("the worker did not take the modules: %w", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return result, fmt.Errorf("the worker did not take the modules: %w", err)
	}
	return loadResult(response.StatusCode, answer)
}

// write encodes a request: a line about it, then one for each module.
func (r LoadRequest) write(to io.Writer) error {
	out := bufio.NewWriterSize(to, 64<<10)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false) // code is full of <, and half the size without
	if err := encoder.Encode(r); err != nil {
		return err
	}
	for i := range r.Modules {
		if err := encoder.Encode(&r.Modules[i]); err != nil {
			return err
		}
	}
	return out.Flush()
}

func loadResult(status int, text []byte) (result LoadResult, err error) {
	var answer struct {
		OK                 bool         `json:"ok"`
		Error              *WorkerError `json:"error"`
		Evaluated, Swapped int
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return result, fmt.Errorf("the worker answered %d to its modules: %.200s", status, text)
	}
	if answer.OK {
		return LoadResult{answer.Evaluated, answer.Swapped}, nil
	}
	if answer.Error == nil {
		answer.Error = &WorkerError{Name: "Error", Message: "the worker refused the modules and gave no reason"}
	}
	return result, answer.Error
}
