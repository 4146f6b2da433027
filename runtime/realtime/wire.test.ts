import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SerializationError } from '../serialization/tags.js'
import { decodeInput, encodeInput, errorFrame, messageFrame, readClientFrame, readServerFrame } from './wire.js'

test('messages both ways, undefined included', () => {
  for (const value of [{ a: new Date(1) }, null, undefined, 0, '', [undefined]]) {
    assert.deepEqual(readClientFrame(messageFrame(value)).type, 'message')
    assert.deepEqual((readClientFrame(messageFrame(value)) as { value?: unknown }).value, value)
    assert.deepEqual((readServerFrame(messageFrame(value)) as { value?: unknown }).value, value)
  }
  assert.equal(messageFrame(undefined), '{"type":"message"}')
  assert.throws(() => messageFrame({ user: { save: () => 1 } }), /message\.user\.save/)
})

test('input: undefined is no text', () => {
  assert.equal(encodeInput(undefined), undefined)
  assert.equal(decodeInput(null), undefined)
  assert.deepEqual(decodeInput(encodeInput({ room: 'a', since: 1n }) ?? null), { room: 'a', since: 1n })
  assert.throws(() => encodeInput(() => 1), /input/)
})

const never = ['', 'x', 'null', '1', '"message"', '[]', '[{"type":"message"}]', '{}', '{"type":null}', '{"type":"Message"}', '{"type":"__proto__"}', '{"type":"constructor"}', '{"type":["message"]}', '{"type":"message","value":{"__proto__":1}}']

for (const text of [...never, '{"type":"error","error":{"message":"x"}}', '{"type":"pong"}']) {
  test(`no frame of a client: ${text}`, () => assert.throws(() => readClientFrame(text), SerializationError))
}

for (const text of [...never, '{"type":"hello"}', '{"type":"ping"}', '{"type":"error"}', '{"type":"error","error":null}', '{"type":"error","error":{"message":1}}']) {
  test(`no frame of a server: ${text}`, () => assert.throws(() => readServerFrame(text), SerializationError))
}

test('error frames', () => {
  const error = { name: 'HandlerError', message: 'the server failed' } as const
  assert.deepEqual(readServerFrame(errorFrame(error)), { type: 'error', error })
})
