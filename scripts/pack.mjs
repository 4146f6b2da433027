/**
 * `node scripts/pack.mjs <folder> <platform>…`, the last step of `make pack`: installable tarballs of `eclipsa`,
 * `@eclipsa/node`, `create-eclipsa`, and of a package for each platform, with the program from bin/<platform>/.
 * Each is staged in a folder of its own, so that what is packed is what is listed here.
 *
 * What this machine can install is in the folder itself (`npm install <folder>/*.tgz`), the programs of other platforms
 * are in `<folder>/other-platforms`: npm refuses to install those here.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, rmdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('..', import.meta.url))
const [folder, ...platforms] = process.argv.slice(2)
const out = resolve(repository, folder)
const others = join(out, 'other-platforms')
const host = `${process.platform}-${process.arch}`
const root = readJson('package.json')

function readJson(path) {
  return JSON.parse(readFileSync(join(repository, path), 'utf8'))
}

/** Packs one folder of files; `manifest` is its package.json. */
function pack(manifest, files, destination = out) {
  const stage = mkdtempSync(join(tmpdir(), 'eclipsa-pack-'))
  try {
    writeFileSync(join(stage, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
    for (const [from, to] of files) cpSync(join(repository, from), join(stage, to), { recursive: true })
    if (manifest.os) for (const name of manifest.files) chmodSync(join(stage, name), 0o755)
    execFileSync('npm', ['pack', '--silent', '--pack-destination', destination], { cwd: stage, stdio: ['ignore', 'inherit', 'inherit'] })
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
}

/** The published package.json: the workspace's own fields go. */
function published(manifest, extra = {}) {
  const { workspaces, devDependencies, scripts, ...rest } = manifest
  return { ...rest, ...extra }
}

function packPlatform(platform) {
  const [os, cpu] = platform.split('-')
  const program = `bin/${os === 'win32' ? 'eclipsa.exe' : 'eclipsa'}`
  const manifest = {
    name: `@eclipsa/${platform}`,
    version: root.version,
    description: `The eclipsa program for ${platform}.`,
    license: root.license,
    type: 'module',
    os: [os],
    cpu: [cpu],
    files: [program],
  }
  pack(manifest, [[program.replace('/', `/${platform}/`), program], ['LICENSE', 'LICENSE']], platform === host ? out : others)
}

/** Only what an earlier run left: the folder is the caller's. */
function removeTarballs(directory) {
  for (const name of readdirSync(directory)) if (name.endsWith('.tgz')) rmSync(join(directory, name))
}

mkdirSync(others, { recursive: true })
removeTarballs(out)
removeTarballs(others)
const programs = Object.fromEntries(platforms.map((platform) => [`@eclipsa/${platform}`, root.version]))
pack(published(root, { optionalDependencies: programs }), [
  ['lib', 'lib'],
  ['runtime/env.d.ts', 'runtime/env.d.ts'],
  ['schema.json', 'schema.json'],
  ['LICENSE', 'LICENSE'],
  ['README.md', 'README.md'],
  ['CHANGELOG.md', 'CHANGELOG.md'],
])
for (const [name, texts] of [['nodeadapter', ['lib', 'README.md']], ['create', ['lib', 'template', 'README.md']]]) {
  pack(published(readJson(`${name}/package.json`)), [...texts.map((text) => [`${name}/${text}`, text]), ['LICENSE', 'LICENSE']])
}
for (const platform of platforms) packPlatform(platform)
if (readdirSync(others).length === 0) rmdirSync(others)
