/** The dev servers in comparison, each with its own copy of the generated app, and which caches make it warm. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, startServer } from './processes.mjs'

const here = dirname(fileURLToPath(import.meta.url))
export const repository = join(here, '..', '..')
export const eclipsaBinary = process.env.ECLIPSA_BINARY ?? join(repository, 'bin', 'eclipsa')
const packages = join(repository, 'bench', 'node_modules')
const require = createRequire(import.meta.url)
const vite = join(packages, 'vite', 'bin', 'vite.js')
const bun = join(packages, 'bun', 'bin', 'bun.exe')

export const versionOf = (name) => require(join(packages, name, 'package.json')).version

/** The fast set-up: JSX by Vite's own transform, fast refresh without Babel. */
const viteConfig = (ssr) => `import prefresh from '@prefresh/vite'
export default {
  plugins: [prefresh()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  server: { fs: { allow: ['.', ${JSON.stringify(realpathSync(packages))}] } },${ssr ? "\n  appType: 'custom'," : ''}
}
`

/** Every side: how its app is written, what it caches, how it starts. */
const sides = {
  eclipsa: {
    title: 'eclipsa dev (renders on the server)',
    variant: [],
    prepare(root) {
      // A folder of its own, so that its cache is: the packages in it are the repository's.
      const own = join(root, 'node_modules')
      mkdirSync(own)
      for (const name of readdirSync(join(repository, 'node_modules'))) {
        if (!name.startsWith('.')) symlinkSync(join(repository, 'node_modules', name), join(own, name))
      }
    },
    cache: 'node_modules/.eclipsa',
    start: (root) => startServer(eclipsaBinary, ['dev', '--port', '0'], { cwd: root }),
  },
  'vite-client': {
    title: () => `Vite ${versionOf('vite')}, @prefresh/vite ${versionOf('@prefresh/vite')}, client only`,
    variant: ['preact'],
    prepare: (root) => writeFileSync(join(root, 'vite.config.mjs'), viteConfig(false)),
    cache: 'node_modules/.vite',
    start: async (root) => startServer(process.execPath, [vite, '--host', '127.0.0.1', '--port', String(await freePort()), '--strictPort'], { cwd: root }),
  },
  'vite-ssr': {
    title: () => `Vite ${versionOf('vite')} SSR: middleware mode, Hono ${versionOf('hono')}, @prefresh/vite`,
    variant: ['preact'],
    prepare(root) {
      writeFileSync(join(root, 'vite.config.mjs'), viteConfig(true))
      copyFileSync(join(here, 'vite-ssr-server.mjs'), join(root, 'server.mjs'))
    },
    cache: 'node_modules/.vite',
    start: (root) => startServer(process.execPath, ['server.mjs'], { cwd: root }),
  },
  bun: {
    title: () => `Bun ${versionOf('bun')} dev server, client only`,
    variant: ['preact'],
    prepare: () => {},
    cache: 'node_modules/.bun',
    start: async (root) => startServer(bun, ['./index.html', `--port=${await freePort()}`], { cwd: root }),
  },
}

export const sideNames = Object.keys(sides)

/** Only where its binary is for this machine. */
export const isInstalled = (name) => name !== 'bun' || existsSync(bun)

/**
 * Writes the app for each of the named sides. `remove` deletes all of them.
 * @param {string[]} names
 * @param {number} modules
 */
export function createApps(names, modules) {
  const folder = mkdtempSync(join(tmpdir(), 'eclipsa-bench-dev-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  process.on('exit', remove)
  symlinkSync(packages, join(folder, 'node_modules'))
  const apps = names.map((name) => {
    const side = sides[name]
    const root = join(folder, name)
    execFileSync('go', ['run', './bench/genapp', root, String(modules), ...side.variant], { cwd: repository, stdio: 'inherit' })
    side.prepare(root)
    return {
      name,
      title: typeof side.title === 'string' ? side.title : side.title(),
      root,
      modules,
      start: () => side.start(root),
      forgetCaches: () => rmSync(join(root, side.cache), { recursive: true, force: true }),
    }
  })
  return { apps, remove }
}
