/**
 * Part of `make packages`: `@eclipsa/node/serve` with all that it needs in one file, for `dist/server` of `vite build`.
 * (`eclipsa build` bundles the same module with the app.)
 */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const repository = fileURLToPath(new URL('..', import.meta.url))

await build({
  absWorkingDir: repository,
  entryPoints: ['nodeadapter/lib/serve.js'],
  outfile: 'nodeadapter/lib/standalone.js',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  legalComments: 'inline',
  // CommonJS packages in it (ws) ask for Node's builtins.
  banner: { js: 'import { createRequire as __eclipsaRequire } from "node:module";\nconst require = __eclipsaRequire(import.meta.url);' },
  logLevel: 'warning',
})
