/** The snippets that are type-checked are the contract's own, character for character. */
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { test } from 'node:test'

const root = new URL('../../', import.meta.url)
const seed = readFileSync(new URL('testdata/seed-realtime.txt', root), 'utf8')
const folder = new URL('tests/types/', root)

for (const name of readdirSync(folder).filter((file) => file.startsWith('seed-'))) {
  test(name, () => assert.ok(seed.includes(readFileSync(new URL(name, folder), 'utf8'))))
}

for (const page of ['+page.tsx', 'presence/+page.tsx', 'middleware/+page.tsx']) {
  test(`examples/room: ${page}`, () => {
    // The two snippets without a component have one of ours below them.
    const [snippet = ''] = readFileSync(new URL(`examples/room/app/${page}`, root), 'utf8').split('\n\nexport default')
    assert.ok(snippet.includes('realtime') && seed.includes(snippet))
  })
}
