/** What the generated `eclipsa:client-manifest` says about the app; one for each page. */
import type { ClientManifest } from '../server/manifest.js'

let manifest: ClientManifest | undefined

/** Called once by the generated module, before the app's own `+client.tsx` runs. */
export function provideRoutes(routes: ClientManifest): void {
  manifest = routes
}

/** @throws Error when the page was not built by eclipsa. */
export function clientManifest(): ClientManifest {
  if (manifest === undefined) {
    throw new Error('resumeContainer() found no routes: the page needs to be served by `eclipsa dev`, `eclipsa build` or the Vite plugin.')
  }
  return manifest
}
