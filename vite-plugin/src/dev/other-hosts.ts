/**
 * Lets an app that is written for Bun or Deno run in Vite, which is Node, as devserver/otherhosts.go does in the worker:
 * Hono's adapters for them read the host's global while they are imported, and get an empty one.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path/posix'
import type { Plugin } from 'vite'
import type { Project } from '../project.js'
import { findPackage } from '../source-packages.js'

const ADAPTER = /\/hono\/dist\/adapter\/(bun|deno)\/[^/]*\.js$/
const GLOBALS = { bun: 'Bun', deno: 'Deno' }

export function otherHostsPlugin(project: Project): Plugin {
  return {
    name: 'eclipsa:other-hosts',
    apply: 'serve',
    enforce: 'pre',
    // Vite takes what is external for that without asking, unless it is an alias.
    config: () => ({ resolve: { alias: [{ find: /^hono\/(bun|deno)$/, replacement: 'eclipsa:hono/$1' }] } }),
    resolveId(id) {
      const host = /^eclipsa:hono\/(bun|deno)$/.exec(id)?.[1]
      const hono = host === undefined ? undefined : findPackage(project.root, 'hono')
      const file = hono && join(hono, 'dist/adapter', host!, 'index.js')
      return file !== undefined && existsSync(file) ? file : undefined
    },
    transform(code, id) {
      const host = ADAPTER.exec(id)?.[1] as keyof typeof GLOBALS | undefined
      if (host === undefined) return undefined
      return { code: `const ${GLOBALS[host]} = globalThis.${GLOBALS[host]} ?? {};${code}`, map: null }
    },
  }
}
