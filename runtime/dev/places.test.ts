import assert from 'node:assert/strict'
import { test } from 'node:test'
import { placesIn } from './places.js'

const found = (text: string) => placesIn(text).map(({ file, line, column, start, end }) => [file, line, column, text.slice(start, end)])

test('places in messages, import chains and stacks', () => {
  for (const [text, expected] of [
    ['app/+page.tsx:3:14: error: no', [['app/+page.tsx', 3, 14, 'app/+page.tsx:3:14']]],
    ['    at Page (app/(shop)/[id]/+page.tsx:12:3)', [['app/(shop)/[id]/+page.tsx', 12, 3, 'app/(shop)/[id]/+page.tsx:12:3']]],
    ['at app/rooms/[...rest]/room.ts:7:1', [['app/rooms/[...rest]/room.ts', 7, 1, 'app/rooms/[...rest]/room.ts:7:1']]],
    ['imported by app/a.tsx\nimported by "app/b.tsx:2"', [['app/a.tsx', 1, 1, 'app/a.tsx'], ['app/b.tsx', 2, 1, 'app/b.tsx:2']]],
    ['../shared/button.tsx:1:2', [['../shared/button.tsx', 1, 2, '../shared/button.tsx:1:2']]],
    ['package.json:4', [['package.json', 4, 1, 'package.json:4']]],
  ] as [string, unknown[]][]) {
    assert.deepEqual(found(text), expected, text)
  }
})

test('what is no file of the app', () => {
  for (const text of [
    'at /usr/lib/x.js:1:2', 'at file:///app/x.js:1:2', 'http://localhost:3000/app/x.tsx:1:2', 'at node:internal/modules:1:2',
    'node_modules/hono/dist/app.js:1:2', 'cannot read room.status', 'e.g. this one', 'C:\\app\\x.ts:1:2',
  ]) {
    assert.deepEqual(found(text), [], text)
  }
})
