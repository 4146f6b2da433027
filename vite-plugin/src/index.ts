/**
 * `eclipsa/vite`: eclipsa apps inside Vite. Vite bundles, serves and runs everybody else's plugins; the Go binary reads
 * the app and transforms its files (DESIGN.md D9).
 *
 * ```ts
 * export default defineConfig({ appType: 'custom', plugins: [eclipsa(), node()] })
 * ```
 */
import type { Plugin } from 'vite'
import { browserExternalPlugin } from './build/browser-external.js'
import { nativesPlugin } from './build/natives.js'
import { buildPlugin } from './build/plugin.js'
import { configPlugin } from './config.js'
import { devPlugins } from './dev/server.js'
import type { EclipsaOptions } from './options.js'
import { previewPlugin } from './preview.js'
import { Project } from './project.js'
import { transformPlugin } from './transform.js'
import { virtualPlugin } from './virtual.js'

export type { AdapterContext, AdapterFile, EclipsaOptions, ServerAdapter } from './options.js'

/**
 * @param options.ssg render every page at build time, and leave no server
 * @throws one sentence each for another Vite major, an `appType` that isn't `custom`, and a second `eclipsa()`
 */
export function eclipsa(options: EclipsaOptions = {}): Plugin[] {
  const project = new Project()
  return [configPlugin(project, options), virtualPlugin(project), transformPlugin(project), ...devPlugins(project), browserExternalPlugin(), nativesPlugin(project), buildPlugin(project, options), previewPlugin()]
}
