import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError, help, readArguments } from './arguments.js'

test('what the command line says', () => {
  assert.deepEqual(readArguments([]), {})
  assert.deepEqual(readArguments(['new-app']), { folder: 'new-app' })
  assert.deepEqual(readArguments(['--vite', 'new-app']), { folder: 'new-app', kind: 'vite' })
  assert.deepEqual(readArguments(['--standalone']), { kind: 'standalone' })
  for (const args of [['--help'], ['-h'], ['new-app', '--help', '--vite']]) assert.equal(readArguments(args), 'help')
  assert.match(help, /--standalone[^]*--vite/)
})

test('mistakes are one sentence', () => {
  const rows: [string[], RegExp][] = [
    [['--vite', '--standalone', 'x'], /exclude each other/],
    [['my', 'app'], /"app" is another/],
    [['--svelte'], /^Unknown option '--svelte': --help lists what there is$/],
    [['--vite=yes'], /--vite.*does not take an argument.*: --help/],
    [['Shop'], /"Shop" can't be the name/],
  ]
  for (const [args, expected] of rows) {
    assert.throws(() => readArguments(args), (error: Error) => error instanceof UsageError && expected.test(error.message) && !error.message.includes('\n'), args.join(' '))
  }
})
