/**
 * Vite's error page stands in for a page that could not be rendered. It is loaded again with the next change: of the
 * app's own code it has nothing that could take an update.
 */
import type { Connect, ViteDevServer } from 'vite'

export class ErrorPages {
  readonly #server: ViteDevServer
  #areShown = false

  constructor(server: ViteDevServer) {
    this.#server = server
  }

  /** Vite fixes the error's stack, prints it and shows it in its overlay. */
  show(error: unknown, next: Connect.NextFunction): void {
    this.#areShown = true
    next(error)
  }

  /** Whether a page is to be tried again: what its modules did not find at their start may be there now. */
  get areShown(): boolean {
    return this.#areShown
  }

  /** Something changed. */
  loadAgain(): void {
    if (!this.#areShown) return
    this.#areShown = false
    const { hot } = this.#server.environments.client
    hot.send('eclipsa:ok') // an overlay over a page that runs goes, so that the page stays
    hot.send({ type: 'update', updates: [] }) // at its first update Vite's client loads a page again that shows an error
  }
}
