import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkBrowserClose, checkClose, receivedClose } from './close.js'

test('codes that a server may send', () => {
  for (const code of [1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 4999]) checkClose(code, '')
  for (const code of [0, 999, 1004, 1005, 1006, 1015, 2000, 2999, 5000, 1000.5, NaN, '1000' as never, undefined as never]) {
    assert.throws(() => checkClose(code, ''), RangeError, String(code))
  }
})

test('codes that a browser may send', () => {
  for (const code of [1000, 3000, 4999]) checkBrowserClose(code, '')
  for (const code of [1001, 1011, 2999, 5000, NaN]) assert.throws(() => checkBrowserClose(code, ''), RangeError)
})

test('a reason has 123 bytes, not characters', () => {
  checkClose(1000, 'a'.repeat(123))
  checkClose(1000, 'ü'.repeat(61))
  assert.throws(() => checkClose(1000, 'a'.repeat(124)), RangeError)
  assert.throws(() => checkClose(1000, 'ü'.repeat(62)), RangeError)
  assert.throws(() => checkClose(1000, 1 as never), RangeError)
})

test('what hosts report means the same', () => {
  const lost = { code: 1006, reason: '', wasClean: false }
  assert.deepEqual(receivedClose(0, ''), lost) // Deno
  assert.deepEqual(receivedClose(undefined, undefined), lost)
  assert.deepEqual(receivedClose(1006, 'WebSocket disconnected without sending Close frame.'), lost) // workerd
  assert.deepEqual(receivedClose(999, 'x'), lost)
  assert.deepEqual(receivedClose(5000, 'x'), lost)
  assert.deepEqual(receivedClose(1005, undefined), { code: 1005, reason: '', wasClean: true })
  assert.deepEqual(receivedClose(4002, 'cc'), { code: 4002, reason: 'cc', wasClean: true })
})
