/** SIGTERM with live sessions: HOSTS.md H58, DESIGN.md section 7. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { copyApp } from '../harness/servers.mjs'
import { App, newSession } from './client.mjs'
import { patience } from './patience.mjs'

/** What a process has from SIGTERM to its end. */
const bound = 10_000

/**
 * @param {string} name of the host
 * @param {(root: string) => Promise<object>} start
 */
export function stoppingTest(name, start) {
  test(`H58: ${name} stops with sessions open, one undecided, one that does not answer`, async (context) => {
    const folder = copyApp('testdata/fixtures/apps/sessions')
    context.after(() => folder.remove())
    const server = await start(folder.root)
    context.after(() => server.stop('SIGKILL'))
    const app = new App({ mode: 'production', deviations: {} })
    await app.use(server)
    const sessions = []
    while (sessions.length < 40) sessions.push(await app.open('useEcho'))
    const session = newSession()
    const undecided = app.refused('useGuarded', { session, headers: { 'x-symbol-guard': 'never' } })
    await app.logged(session, 'symbol-guard')
    const { raw: silent } = await app.openRaw('useEcho') // answers no close frame

    const before = performance.now()
    server.child.kill('SIGTERM')
    const closes = await Promise.all(sessions.map((session) => session.over()))
    assert.deepEqual([...new Set(closes.map(({ code }) => code))], [1001])
    assert.equal((await undecided).status, 503)
    const { code } = await patience(server.ended, 'the end of the process', bound + 5_000)
    const took = performance.now() - before
    assert.equal(code, 0, server.output())
    assert.ok(took < bound, `it took ${Math.round(took)} ms`)
    silent.destroy()
  })
}
