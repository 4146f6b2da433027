/**
 * What a session is, on every host: one suite that is run against `eclipsa dev` and against what
 * `eclipsa build` wrote. Its lines follow HOSTS.md (the conformance list) and SECURITY.md (S16-S24).
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { copyApp } from '../harness/servers.mjs'
import { App } from './client.mjs'
import { closingTests } from './closing.mjs'
import { contextTests } from './context.mjs'
import { failureTests } from './failures.mjs'
import { guardTests } from './guards.mjs'
import { hostileFrameTests } from './hostile-frames.mjs'
import { hostileRequestTests } from './hostile-requests.mjs'
import { malformedMessageTests } from './malformed-messages.mjs'
import { messageTests } from './messages.mjs'
import { openingTests } from './opening.mjs'

const groups = {
  'before the upgrade': guardTests,
  opening: openingTests,
  messages: messageTests,
  closing: closingTests,
  'failures in user code': failureTests,
  context: contextTests,
  'malformed messages': malformedMessageTests,
  'hostile frames': hostileFrameTests,
  'hostile requests': hostileRequestTests,
}

/**
 * @param {string} name of the host
 * @param {(root: string) => Promise<object>} start
 * @param {object} options
 * @param {'development' | 'production'} options.mode decides what clients learn about errors
 * @param {Record<string, string>} [options.deviations] what this host does otherwise, each with its reason
 */
export function sessionTests(name, start, { mode, deviations = {} }) {
  describe(`sessions, ${name}`, { timeout: 600_000 }, () => {
    const app = new App({ mode, deviations })
    let folder, server
    before(async () => {
      folder = copyApp('testdata/fixtures/apps/sessions')
      server = await start(folder.root)
      await app.use(server)
    })
    after(async () => {
      await server?.stop()
      folder?.remove()
    })

    for (const [title, group] of Object.entries(groups)) describe(title, () => group(app))

    describe('after all that', () => {
      test('the server runs, in the same process', () => app.isAlive())

      test('no session was closed twice', async () => {
        const closes = new Map()
        for (const { session, event } of (await app.log()).entries) {
          if (event === 'close') closes.set(session, (closes.get(session) ?? 0) + 1)
        }
        assert.deepEqual([...closes].filter(([, count]) => count !== 1), [])
      })

      test('nothing escaped into the output, and no input is in it (S27)', () => {
        const output = server.output()
        assert.doesNotMatch(output, /unhandled|uncaught|panic:|goroutine \d|MaxListeners/i)
        assert.doesNotMatch(output, /input=|%22session%22/)
      })
    })
  })
}
