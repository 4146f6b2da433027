/**
 * The packages of pages, known before a browser asks for the first one: pages are imported dynamically, so that Vite would
 * find their packages when it has bundled the others already, bundle all anew, and load the page a second time.
 */
import type { DevEnvironment } from 'vite'
import type { Project } from '../project.js'

/** Where Vite has no bundles of an earlier run, the pages' modules are transformed at once. */
export function warmUp(client: DevEnvironment, project: Project): void {
  const optimizer = client.depsOptimizer
  if (optimizer === undefined || Object.keys(optimizer.metadata.optimized).length > 0) return
  const files = new Set(project.app.routes.flatMap(({ clientFiles }) => clientFiles))
  for (const file of files) void client.warmupRequest(`/${file}`)
}
