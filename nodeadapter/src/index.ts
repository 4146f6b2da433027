/**
 * `@eclipsa/node`: `node()`, the adapter plugin that makes `vite build` write a whole Node server beside the handler.
 *
 * ```ts
 * export default defineConfig({ appType: 'custom', plugins: [eclipsa(), node()] })
 * ```
 */
import { readFile } from 'node:fs/promises'

export interface NodeOptions {
  /** The server's file below `dist/server`; default `node.mjs`. */
  entry?: string
}

/** What `eclipsa()` calls after the server was built. */
export interface AdapterContext {
  /** Where the app is mounted: starts and ends with a slash. */
  base: string
}

export interface AdapterFile {
  path: string
  contents: string
}

/** A Vite plugin, as far as it goes without Vite's types. */
export interface NodeAdapterPlugin {
  name: 'eclipsa:node'
  configResolved(config: { plugins: readonly { name: string }[] }): void
  eclipsaServerAdapter: { name: 'node'; buildFiles(context: AdapterContext): Promise<AdapterFile[]> }
}

/** `serve` with all that it needs, made by scripts/bundle-node.mjs. */
const STANDALONE = new URL('./bundled/serve.js', import.meta.url)

const HOST = 'chunks/eclipsa-node.mjs'

/**
 * The file listens on `PORT` (3000) and `HOST`, serves `dist/client/`, upgrades realtime, and hands everything else to the
 * handler. It needs nothing but Node and `dist/`.
 * @throws one sentence without `eclipsa()`, and for an `entry` that isn't the name of an ES module
 */
export function node({ entry = 'node.mjs' }: NodeOptions = {}): NodeAdapterPlugin {
  if (!/^[\w.-]+\.mjs$/.test(entry) || entry === 'index.mjs') {
    throw new Error(`[eclipsa] node({ entry: ${JSON.stringify(entry)} }): entry is the name of a file in dist/server that ends with .mjs, such as "node.mjs", and not "index.mjs", which is the handler.`)
  }
  return {
    name: 'eclipsa:node',
    configResolved({ plugins }) {
      if (plugins.some(({ name }) => name === 'eclipsa')) return
      throw new Error("[eclipsa] vite.config has node() without eclipsa(): add `import { eclipsa } from 'eclipsa/vite'` and plugins: [eclipsa(), node()].")
    },
    eclipsaServerAdapter: {
      name: 'node',
      async buildFiles({ base }) {
        return [
          { path: HOST, contents: await readFile(STANDALONE, 'utf8') },
          {
            path: entry,
            contents:
              `import { serve } from "./${HOST}";\n` +
              'import createHandler from "./index.mjs";\n' +
              `serve({ createHandler, clientDir: new URL("../client/", import.meta.url), base: ${JSON.stringify(base)} });\n`,
          },
        ]
      },
    },
  }
}
