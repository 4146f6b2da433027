import assert from 'node:assert/strict'
import { test } from 'node:test'
import { components } from './vite.js'

test('where nothing is ever updated there is nothing to tell', () => {
  const hot = { invalidate: () => {}, on: () => {} }
  assert.doesNotThrow(() => components(hot, 'app/+page.tsx', { Page: () => null }, { Page: '' }, true))
})
