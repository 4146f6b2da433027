import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type SourceMap, sourcePlace } from './source-map.js'

// Line 1: column 1 -> a.ts 1:1, column 5 -> a.ts 1:9. Line 3: column 3 -> b.ts 17:1, and from column 7 on nothing.
const map: SourceMap = { sources: ['a.ts', 'b.ts'], sourcesContent: ['const first = 1\n', null], mappings: 'AAAA,IAAQ;;ECgBR,I' }

test('the mapping at or before a place', () => {
  const first = { source: 'a.ts', line: 1, column: 1, lineText: 'const first = 1' }
  assert.deepEqual(sourcePlace(map, 1, 1), first)
  assert.deepEqual(sourcePlace(map, 1, 4), first)
  assert.deepEqual(sourcePlace(map, 1, 5), { ...first, column: 9 })
  assert.deepEqual(sourcePlace(map, 1, 900), { ...first, column: 9 })
  assert.deepEqual(sourcePlace(map, 3, 4), { source: 'b.ts', line: 17, column: 1, lineText: '' })
})

test('places without a mapping', () => {
  assert.equal(sourcePlace(map, 2, 1), undefined)
  assert.equal(sourcePlace(map, 3, 1), undefined)
  assert.equal(sourcePlace(map, 3, 7), undefined)
  assert.equal(sourcePlace(map, 9, 1), undefined)
})

test('sections', () => {
  const index = { sections: [{ offset: { line: 4, column: 0 }, map }, { offset: { line: 10, column: 2 }, map }] }
  assert.equal(sourcePlace(index, 3, 1), undefined)
  assert.equal(sourcePlace(index, 5, 5)?.column, 9)
  assert.equal(sourcePlace(index, 7, 4)?.line, 17)
  assert.equal(sourcePlace(index, 11, 3)?.column, 1)
  assert.equal(sourcePlace(index, 11, 7)?.column, 9)
})
