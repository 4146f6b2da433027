import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import type { Wish } from './arguments.js'
import { Cancelled, askForRest } from './ask.js'

/** Answers each question as soon as it is asked; nothing more to say is Ctrl-D. */
function talk(wish: Wish, answers: string[]): { choice: Promise<Required<Wish>>; shown(): string } {
  const [input, output] = [new PassThrough(), new PassThrough()]
  let shown = ''
  output.on('data', (chunk: Buffer) => {
    shown += chunk
    if (!shown.endsWith(': ')) return
    const answer = answers.shift()
    if (answer === undefined) input.end()
    else input.write(`${answer}\n`)
  })
  return { choice: askForRest(wish, input, output), shown: () => shown }
}

test('asks for what is missing; Enter takes what is in brackets', async () => {
  assert.deepEqual(await talk({}, ['', '']).choice, { folder: 'my-app', kind: 'standalone' })
  assert.deepEqual(await talk({}, [' shop ', '2']).choice, { folder: 'shop', kind: 'vite' })
  assert.deepEqual(await talk({ kind: 'vite' }, ['shop']).choice, { folder: 'shop', kind: 'vite' })
  assert.deepEqual(await talk({ folder: 'shop' }, ['Standalone']).choice, { folder: 'shop', kind: 'standalone' })
  assert.deepEqual(await talk({ folder: 'shop', kind: 'vite' }, []).choice, { folder: 'shop', kind: 'vite' })
})

test('asks again, with the reason', async () => {
  const { choice, shown } = talk({}, ['My Shop', 'shop', '3', 'constructor', '1'])
  assert.deepEqual(await choice, { folder: 'shop', kind: 'standalone' })
  assert.match(shown(), /"My Shop" can't be the name of an app: .*\n/)
  assert.equal(shown().match(/ {2}1 or 2\n/g)?.length, 2)
})

test('the end of the input cancels', async () => {
  await assert.rejects(talk({}, []).choice, Cancelled)
  await assert.rejects(talk({}, ['shop']).choice, Cancelled)
})
