/**
 * Starts an app the ways a person would: `eclipsa dev`, and `eclipsa build` + node. A server is ready
 * when it has printed its URL; `stop()` ends the child that was started here, by its own id.
 */
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const repository = fileURLToPath(new URL('../..', import.meta.url))
/** Where the packages are: installed from tarballs (tests/with-packages.mjs), or the checkout's own. */
const installed = process.env.ECLIPSA_INSTALLED
export const packages = join(installed ?? repository, 'node_modules')
const program = installed ? join(packages, `@eclipsa/${process.platform}-${process.arch}/bin/eclipsa`) : join(repository, 'bin', 'eclipsa')
export const binary = process.env.ECLIPSA_BINARY ?? program

/** Longest wait for anything here, in milliseconds: a bound against hanging, never a measure. */
const PATIENCE = 60_000

/**
 * A copy of an app in a temporary folder, with packages: tests may edit it.
 * @param {string} folder relative to the repository
 */
export function copyApp(folder) {
  const root = mkdtempSync(join(tmpdir(), 'eclipsa-'))
  const ignored = /(^|\/)(node_modules|dist)(\/|$)/
  cpSync(join(repository, folder), root, { recursive: true, filter: (path) => !ignored.test(path.slice(repository.length)) })
  symlinkSync(packages, join(root, 'node_modules'))
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) }
}

/** @param {string} root */
export function startDev(root, args = [], env = {}) {
  return startServer(binary, ['dev', '--port', '0', ...args], { cwd: root, env: { ...process.env, ...env } })
}

const build = (root) => run(binary, ['build'], { cwd: root })

/** Builds, and runs what was built from a folder that holds nothing else. @param {string} root */
export async function startBuilt(root, { alone = true, env = {}, build: make = build } = {}) {
  await make(root)
  const home = alone ? mkdtempSync(join(tmpdir(), 'eclipsa-dist-')) : root
  if (alone) cpSync(join(root, 'dist'), join(home, 'dist'), { recursive: true })
  const server = await startServer(process.execPath, ['dist/server/node.mjs'], {
    cwd: home,
    env: { ...process.env, PORT: '0', HOST: '127.0.0.1', ...env },
  })
  return { ...server, stop: async () => {
    await server.stop()
    if (alone) rmSync(home, { recursive: true, force: true })
  } }
}

const VITE_CONFIG = `import { defineConfig } from 'vite'
import { eclipsa } from 'eclipsa/vite'
import { node } from '@eclipsa/node'

// The packages are a link that leads out of the app: the cache would be outside, too.
export default defineConfig({ appType: 'custom', cacheDir: '.vite', plugins: [eclipsa(), node()] })
`

/** `ECLIPSA_VITE=vite7` runs the suites against the other major. */
export const viteCommand = join(packages, process.env.ECLIPSA_VITE ?? 'vite', 'bin', 'vite.js')

/** An app that has no configuration of its own gets the seed's. */
function configureVite(root) {
  const file = join(root, 'vite.config.mjs')
  if (!existsSync(file) && !existsSync(join(root, 'vite.config.ts'))) writeFileSync(file, VITE_CONFIG)
}

/** @param {string} root @param {'dev' | 'preview'} command */
export function startVite(root, args = [], env = {}, command = 'dev') {
  configureVite(root)
  return startServer(process.execPath, [viteCommand, command, '--host', '127.0.0.1', '--port', '0', ...args], { cwd: root, env: { ...process.env, ...env } })
}

export function buildWithVite(root, args = []) {
  configureVite(root)
  return run(process.execPath, [viteCommand, 'build', ...args], { cwd: root })
}

/** @param {string} root */
export const startViteBuilt = (root, options = {}) => startBuilt(root, { ...options, build: buildWithVite })

/** Runs a command to its end; rejects with its output unless it exits with `code`. */
export function run(command, args, options = {}, code = 0) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    const output = collect(child)
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE * 5)
    child.on('error', reject)
    child.on('close', (got) => {
      clearTimeout(timer)
      if (got === code) resolve(output())
      else reject(new Error(`${command} ${args.join(' ')} ended with ${got}, not ${code}:\n${output()}`))
    })
  })
}

function collect(child) {
  let text = ''
  child.stdout.on('data', (chunk) => (text += chunk))
  child.stderr.on('data', (chunk) => (text += chunk))
  return () => text
}

/**
 * Starts a server and waits for the first http URL in its output. With `group` it leads a process group and signals go to
 * the whole of it, as a terminal's do: npx passes none on.
 */
export function startServer(command, args, { group = false, ...options }) {
  const child = spawn(command, args, { ...options, detached: group, stdio: ['pipe', 'pipe', 'pipe'] })
  const output = collect(child)
  const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal })))
  const kill = (signal) => (group ? process.kill(-child.pid, signal) : child.kill(signal))
  const stop = async (signal = 'SIGTERM') => {
    if (child.exitCode !== null || child.signalCode !== null) return ended
    kill(signal)
    const timer = setTimeout(() => kill('SIGKILL'), PATIENCE)
    return ended.finally(() => clearTimeout(timer))
  }
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(`no URL after ${PATIENCE} ms`), PATIENCE)
    const fail = (why) => {
      clearTimeout(timer)
      if (child.exitCode === null && child.signalCode === null) kill('SIGKILL')
      reject(new Error(`${command} ${args.join(' ')}: ${why}:\n${output()}`))
    }
    const look = () => {
      const match = /https?:\/\/[^\s/]+:\d+/.exec(output().replace(/\x1b\[[0-9;]*m/g, ''))
      if (!match) return
      clearTimeout(timer)
      child.stdout.off('data', look)
      resolve({ url: match[0], child, output, ended, stop })
    }
    child.stdout.on('data', look)
    ended.then(({ code }) => fail(`ended with ${code}`))
    child.on('error', (error) => fail(error.message))
  })
}

/** Resolves when `probe` gives something truthy; for states outside a page (logs, files). */
export async function until(probe, what) {
  const deadline = Date.now() + PATIENCE
  for (;;) {
    const got = await probe()
    if (got) return got
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

