/**
 * `eclipsa build` of generated apps against the esbuild binary bundling the same client and then the
 * same server, and against `vite build` of both. Interleaved rounds, medians, a Markdown table.
 *
 *     node bench/build.mjs [modules…] [--rounds=5] [--no-vite]
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const repository = join(here, '..')
const eclipsa = process.env.ECLIPSA_BINARY ?? join(repository, 'bin', 'eclipsa')
const require = createRequire(import.meta.url)
const flags = process.argv.slice(2).filter((argument) => argument.startsWith('--'))
const sizes = process.argv.slice(2).filter((argument) => !argument.startsWith('--')).map(Number)
const rounds = Number(flags.find((flag) => flag.startsWith('--rounds='))?.slice(9) ?? 5)

// The binary itself: its launcher would add the start of a Node process.
const platform = `@esbuild/${process.platform}-${process.arch}`
const esbuild = join(dirname(require.resolve(`${platform}/package.json`)), process.platform === 'win32' ? 'esbuild.exe' : 'bin/esbuild')
const vite = join(dirname(require.resolve('vite/package.json')), 'bin', 'vite.js')

/** Both entries of the generated app, with the options that eclipsa build uses. */
function esbuildArguments(side) {
  const common = ['--bundle', '--splitting', '--format=esm', '--target=es2022', '--jsx=automatic', '--jsx-import-source=eclipsa',
    '--log-level=error', `--outdir=out-esbuild/${side}`, '--define:process.env.NODE_ENV="production"']
  return side === 'client'
    ? ['client-entry.tsx', ...common, '--metafile=out-esbuild/client.json', '--minify', '--legal-comments=none', '--external:node:crypto', '--entry-names=assets/[name]-[hash]']
    : ['server-entry.tsx', 'node-entry.tsx', ...common, '--platform=node', '--sourcemap', '--out-extension:.js=.mjs']
}

const viteConfig = `export default ({ isSsrBuild }) => ({
  logLevel: 'error', oxc: { jsx: { runtime: 'automatic', importSource: 'eclipsa' } }, ssr: { noExternal: true },
  build: isSsrBuild ? { outDir: 'out-vite/server', sourcemap: true, rollupOptions: { input: ['server-entry.tsx', 'node-entry.tsx'] } } : { outDir: 'out-vite/client', rollupOptions: { input: 'client-entry.tsx' } },
})\n`

/** The same app as `eclipsa build` has it: routes instead of entries, `dist/` with compressed copies. */
const pluginConfig = `import { eclipsa } from 'eclipsa/vite'
import { node } from '@eclipsa/node'
export default { logLevel: 'error', plugins: [eclipsa(), node()] }
`

const contenders = {
  'esbuild, client then server': (root) => {
    command(esbuild, esbuildArguments('client'), root)
    command(esbuild, esbuildArguments('server'), root)
  },
  'eclipsa build --compress=none': (root) => command(eclipsa, ['build', '--compress=none'], root),
  'eclipsa build': (root) => command(eclipsa, ['build'], root),
  'vite build, client then server': (root) => {
    command(process.execPath, [vite, 'build'], root)
    command(process.execPath, [vite, 'build', '--ssr', 'server-entry.tsx'], root)
  },
  'vite build with eclipsa() and node()': (root) => command(process.execPath, [vite, 'build', '--config', 'vite.eclipsa.mjs'], root),
}
if (flags.includes('--no-vite')) delete contenders['vite build, client then server']

function command(file, args, cwd) {
  // esbuild's binary switches Go's collector off, but only with a single entry.
  const env = file === esbuild ? { ...process.env, GOGC: 'off' } : process.env
  const { status, stdout, stderr, error } = spawnSync(file, args, { cwd, encoding: 'utf8', env })
  if (error || status !== 0) throw error ?? new Error(`${file} ${args.join(' ')}:\n${stdout}${stderr}`)
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
}

/** Milliseconds of each contender by name, in rounds that alternate. */
function measure(modules) {
  const root = mkdtempSync(join(tmpdir(), 'eclipsa-bench-'))
  try {
    execFileSync('go', ['run', './bench/genapp', root, String(modules)], { cwd: repository, stdio: 'inherit' })
    symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'))
    writeFileSync(join(root, 'vite.config.mjs'), viteConfig)
    writeFileSync(join(root, 'vite.eclipsa.mjs'), pluginConfig)
    const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]))
    for (let round = -1; round < rounds; round++) {
      for (const [name, build] of Object.entries(contenders)) {
        const start = performance.now()
        build(root)
        if (round >= 0) times[name].push(performance.now() - start) // the first round warms the file cache
      }
    }
    return Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)]))
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

if (!existsSync(eclipsa)) throw new Error(`${eclipsa} is missing: run make build`)
const counts = sizes.length > 0 ? sizes : [100, 1000, 5000]
const results = counts.map(measure)
console.log(`| ${rounds} rounds, median | ${counts.map((n) => `${n} modules`).join(' | ')} |\n|---|${counts.map(() => '--:').join('|')}|`)
for (const name of Object.keys(contenders)) {
  const cells = results.map((result) => `${Math.round(result[name])} ms (${(result[name] / result['esbuild, client then server']).toFixed(2)})`)
  console.log(`| ${name} | ${cells.join(' | ')} |`)
}
