#!/usr/bin/env node
/**
 * `npx eclipsa …`: finds the Go binary of this platform and becomes it as far as Node allows
 * (same terminal, signals handed on, same exit code).
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const file = process.platform === 'win32' ? 'eclipsa.exe' : 'eclipsa'
const platformPackage = `@eclipsa/${process.platform}-${process.arch}`

/** `ECLIPSA_BINARY`, this platform's package, or `bin/` of a checkout; undefined if there is none. */
function findBinary(): string | undefined {
  if (process.env['ECLIPSA_BINARY']) return process.env['ECLIPSA_BINARY']
  const require = createRequire(import.meta.url)
  try {
    return require.resolve(`${platformPackage}/bin/${file}`)
  } catch {
    const checkout = fileURLToPath(new URL(`../bin/${file}`, import.meta.url))
    return existsSync(checkout) ? checkout : undefined
  }
}

function run(binary: string): void {
  const child = spawn(binary, process.argv.slice(2), { stdio: 'inherit' })
  // A terminal sends Ctrl-C to the whole group; the signal is only handed on when it came to us alone.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!process.stdin.isTTY || signal !== 'SIGINT') child.kill(signal)
    })
  }
  child.on('error', (error) => fail(`${binary} could not be started: ${error.message}`))
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

function fail(sentence: string): never {
  console.error(`eclipsa: ${sentence}`)
  process.exit(1)
}

const binary = findBinary()
if (binary === undefined) {
  fail(
    `the package ${platformPackage}, which holds the program for this platform, is not installed.\n` +
      '  Install again without --omit=optional, or set ECLIPSA_BINARY to the path of the program.',
  )
} else {
  run(binary)
}
