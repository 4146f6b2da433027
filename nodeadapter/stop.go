package nodeadapter

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// Finish asks the worker to end what it has: requests get a moment, sessions close with 1012, so
// that their onClose callbacks run. It returns when that is done; the worker bounds it to a second.
// Stop is to follow.
func (w *Worker) Finish(ctx context.Context) error {
	call, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+w.Address()+"/__eclipsa/worker/stop", nil)
	if err != nil {
		return err
	}
	call.Header.Set(SecretHeader, w.secret)
	response, err := w.client.Do(call)
	if err != nil {
		return fmt.Errorf("the worker did not finish: %w", err)
	}
	defer response.Body.Close()
	io.Copy(io.Discard, response.Body)
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the worker answered %d when it was to finish", response.StatusCode)
	}
	return nil
}
