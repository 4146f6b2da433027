/**
 * Part of `make packages`: modules of `@eclipsa/node` with all that they need in one file each, in `nodeadapter/lib/bundled`.
 * `serve` goes to `dist/server` of `vite build` (`eclipsa build` bundles the same module with the app), and the
 * worker of `eclipsa dev` starts 0.1 s sooner from one file than from sixty.
 */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

await build({
  absWorkingDir: fileURLToPath(new URL('../nodeadapter/lib', import.meta.url)),
  entryPoints: ['serve.js', 'worker.js'],
  outdir: 'bundled',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  legalComments: 'inline',
  // CommonJS packages in it (ws) ask for Node's builtins.
  banner: { js: 'import { createRequire as __eclipsaRequire } from "node:module";\nconst require = __eclipsaRequire(import.meta.url);' },
  logLevel: 'warning',
})
