#!/usr/bin/env node
/**
 * `npx eclipsa …`: finds the Go binary of this platform and becomes it as far as Node allows
 * (same terminal, signals handed on, same exit code).
 */
import { spawn } from 'node:child_process'
import { findBinary } from './binary.js'

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

let binary
try {
  binary = findBinary()
} catch (error) {
  fail((error as Error).message)
}
run(binary)
