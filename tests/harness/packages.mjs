/** The packages as they are published, for tests that play a stranger's computer: packed, and installed outside the repository. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repository, run } from './servers.mjs'

/**
 * `make pack` into a folder of its own. `tarballs` has the paths of what this machine can install, by package.
 * @param {string} platforms for make: names, or `host`
 */
export async function packPackages(platforms = 'host') {
  const folder = mkdtempSync(join(tmpdir(), 'eclipsa-packed-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  await run('make', ['--silent', 'pack', `PLATFORMS=${platforms}`, `OUT=${folder}`], { cwd: repository }).catch((error) => {
    remove()
    throw error
  })
  const tarballs = {}
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.tgz'))) {
    const name = file.replace(/-\d+\.\d+\.\d+\.tgz$/, '').replace(/^eclipsa-/, '@eclipsa/')
    tarballs[name] = join(folder, file)
  }
  return { folder, tarballs, remove }
}

/** Installs what a package.json asks for; whatever it or a dependency asks for of ours comes from the tarballs. */
export async function installWithTarballs(root, tarballs) {
  const path = join(root, 'package.json')
  const manifest = JSON.parse(readFileSync(path, 'utf8'))
  const specs = Object.fromEntries(Object.entries(tarballs).map(([name, file]) => [name, `file:${file}`]))
  for (const kind of ['dependencies', 'devDependencies']) {
    for (const name of Object.keys(manifest[kind] ?? {})) manifest[kind][name] = specs[name] ?? manifest[kind][name]
  }
  manifest.overrides = { ...manifest.overrides, ...specs }
  writeFileSync(path, JSON.stringify(manifest, null, 2))
  await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root })
}
