import assert from 'node:assert/strict'
import { test } from 'node:test'
import { h } from 'preact'
import { renderToString } from 'preact-render-to-string'
import { realtime } from './realtime.js'
import { registeredSymbol } from './registry.js'
import type { RealtimeHandle } from './types.js'

/** What compiled modules call; authors can't. */
const compiled = realtime as unknown as (id: string, ...functions: unknown[]) => () => RealtimeHandle

test('uncompiled: one sentence that names the ways out', () => {
  assert.throws(() => realtime(() => {}), /`eclipsa dev`.*`eclipsa build`.*`eclipsa\(\)` from "eclipsa\/vite"/)
})

test('the server form registers the symbol, and again replaces it', () => {
  const first = (): void => {}
  const guard = (): void => {}
  const second = (): void => {}
  compiled('useRoom-1', first)
  assert.deepEqual(registeredSymbol('useRoom-1'), { kind: 'realtime', middlewares: [], handler: first })
  compiled('useRoom-1', guard, guard, second)
  assert.deepEqual(registeredSymbol('useRoom-1'), { kind: 'realtime', middlewares: [guard, guard], handler: second })
  compiled('useOther-1')
  assert.equal(registeredSymbol('useOther-1'), undefined)
})

test('while the server renders: closed, no messages, and methods that say so', () => {
  const useRoom = compiled('useRoom-2', () => {})
  let handle: RealtimeHandle | undefined
  function Room() {
    handle = useRoom()
    return h('p', null, `${handle.status} ${handle.isOpen} ${handle.messages.length} ${handle.lastMessage} ${handle.error}`)
  }
  assert.equal(renderToString(h(Room, null)), '<p>closed false 0 undefined undefined</p>')
  for (const method of ['connect', 'send', 'close'] as const) {
    assert.throws(() => handle?.[method](undefined as never), new RegExp(`${method}\\(\\).*browser only`))
  }
})
