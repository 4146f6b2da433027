/**
 * `make pack`: installable tarballs in dist-npm/, of `eclipsa`, `@eclipsa/node` and the package that holds
 * the binary of this platform. Each is staged in a folder of its own, so that what is packed is what is listed here.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('..', import.meta.url))
const out = join(repository, 'dist-npm')
const platform = `${process.platform}-${process.arch}`
const root = readJson('package.json')

function readJson(path) {
  return JSON.parse(readFileSync(join(repository, path), 'utf8'))
}

/** Packs one folder of files; `manifest` is its package.json. */
function pack(manifest, files) {
  const stage = mkdtempSync(join(tmpdir(), 'eclipsa-pack-'))
  try {
    writeFileSync(join(stage, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
    for (const [from, to] of files) {
      if (existsSync(join(repository, from))) cpSync(join(repository, from), join(stage, to), { recursive: true })
    }
    if (manifest.os) chmodSync(join(stage, 'bin', binaryName()), 0o755)
    execFileSync('npm', ['pack', '--silent', '--pack-destination', out], { cwd: stage, stdio: ['ignore', 'inherit', 'inherit'] })
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
}

function binaryName() {
  return process.platform === 'win32' ? 'eclipsa.exe' : 'eclipsa'
}

/** The published package.json: the workspace's own fields go, the platform packages come. */
function published(manifest, extra = {}) {
  const { workspaces, devDependencies, scripts, ...rest } = manifest
  return { ...rest, ...extra }
}

const texts = [['LICENSE', 'LICENSE'], ['README.md', 'README.md'], ['CHANGELOG.md', 'CHANGELOG.md']]

rmSync(out, { recursive: true, force: true })
mkdirSync(out)
pack(published(root, { optionalDependencies: { [`@eclipsa/${platform}`]: root.version } }), [
  ['lib', 'lib'],
  ['runtime/env.d.ts', 'runtime/env.d.ts'],
  ['schema.json', 'schema.json'],
  ...texts,
])
pack(published(readJson('nodeadapter/package.json')), [['nodeadapter/lib', 'lib'], ['nodeadapter/README.md', 'README.md'], ['LICENSE', 'LICENSE']])
pack(
  {
    name: `@eclipsa/${platform}`,
    version: root.version,
    description: `The eclipsa program for ${platform}.`,
    license: root.license,
    os: [process.platform],
    cpu: [process.arch],
    files: ['bin'],
  },
  [[`bin/${binaryName()}`, `bin/${binaryName()}`], ['LICENSE', 'LICENSE']],
)
