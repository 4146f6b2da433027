/**
 * `node tests/with-packages.mjs <command> [argument…]` runs a command with ECLIPSA_INSTALLED, a folder outside the
 * repository where the tarballs of `make pack` are installed, and beside them what fixtures use (Vite, Tailwind, …, as
 * pinned in package.json). The suites then serve and build with what a stranger gets.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installWithTarballs, packPackages } from './harness/packages.mjs'
import { repository } from './harness/servers.mjs'

/** For the repository itself, not for apps. */
const TOOLS = ['@arethetypeswrong/cli', 'playwright-core', 'publint']

const root = mkdtempSync(join(tmpdir(), 'eclipsa-installed-'))
process.on('exit', () => rmSync(root, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1))

const packed = await packPackages()
try {
  const { devDependencies, overrides } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'))
  const others = Object.fromEntries(Object.entries(devDependencies).filter(([name]) => !TOOLS.includes(name)))
  const ours = Object.fromEntries(Object.keys(packed.tarballs).filter((name) => name !== 'create-eclipsa').map((name) => [name, '']))
  writeFileSync(join(root, 'package.json'), JSON.stringify({ private: true, dependencies: { ...others, ...ours }, overrides }))
  await installWithTarballs(root, packed.tarballs)
} finally {
  packed.remove()
}

const [command, ...args] = process.argv.slice(2)
const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, ECLIPSA_INSTALLED: root } })
child.on('error', (error) => {
  console.error(error.message)
  process.exit(1)
})
child.on('close', (code) => process.exit(code ?? 1))
