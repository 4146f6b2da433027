/**
 * Node's own modules in the client's graph, where what imports them goes away later. Vite puts an empty module there;
 * Rollup (Vite 7) wants it to have the names that are imported, before it knows that nobody uses them.
 */
import { isBuiltin } from 'node:module'
import type { Plugin } from 'vite'

export function browserExternalPlugin(): Plugin {
  return {
    name: 'eclipsa:browser-external',
    apply: 'build',
    enforce: 'pre',
    async resolveId(id, importer, options) {
      if (this.environment.config.consumer !== 'client' || !isBuiltin(id) || 'rolldownVersion' in this.meta) return undefined
      const found = await this.resolve(id, importer, { ...options, skipSelf: true })
      return found && { ...found, syntheticNamedExports: true }
    },
  }
}
